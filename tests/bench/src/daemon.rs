//! irqcastd, its floor and its peers, one after the other on the same machine.
//!
//! Each runs the same hook (src/hook.rs) for the same number of events, and is measured by the same
//! code (`latency.rs`, `rate.rs`, `sleeper.rs`, `burst.rs`). What is special about one is how it is
//! set up and how the kernel is made to tell it of an event, which is in the file of its name.

mod acpid;
mod burst;
mod confinement;
pub mod floor;
mod hooks;
mod irqcastd;
mod latency;
mod maker;
mod mdev;
mod process;
mod rate;
mod session;
mod sleeper;
mod udevd;

use std::{fs, os::unix::fs::symlink};

use anyhow::{Context as _, Result};
use irqcast_bench::{
    device::Device,
    distribution::{self, Distribution},
    peers::{Burst, Line, NAMES, Peer, Plan, Sleeper},
    schema::Skipped,
};

use self::{
    hooks::Hooks,
    maker::{Interrupts, Maker},
    process::Process,
    session::Session,
};
use crate::{
    clock,
    measure::RAISER,
    random::Random,
    schedule::{self, Urgency},
};

/// A daemon that was started, and who makes its events.
type Running = (Process, Box<dyn Maker>);

/// One that runs hooks.
#[derive(Clone, Copy)]
pub struct Candidate {
    /// One of [`NAMES`].
    pub name: &'static str,
    /// Starts it, and says who makes its events.
    pub start: fn(&Device) -> Result<Running>,
    /// How many times the limit of a burst it is given: those that promise each event its hook
    /// are to be seen to keep that.
    pub patience: u32,
}

const ALL: [Candidate; 6] = [
    Candidate {
        name: NAMES[0],
        start: |device| irqcastd::start(device, irqcastd::AS_USUAL),
        patience: 4,
    },
    Candidate {
        name: NAMES[1],
        start: |device| irqcastd::start(device, irqcastd::FREE),
        patience: 4,
    },
    Candidate {
        name: NAMES[2],
        start: |device| {
            let maker = Box::new(Interrupts::begin(device)?);
            Ok((Process::start("/proc/self/exe", &[floor::NAME])?, maker))
        },
        patience: 1,
    },
    Candidate {
        name: NAMES[3],
        start: udevd::start,
        patience: 1,
    },
    Candidate {
        name: NAMES[4],
        start: mdev::start,
        patience: 1,
    },
    Candidate {
        name: NAMES[5],
        start: acpid::start,
        patience: 1,
    },
];

/// What is known of a candidate.
#[derive(Default)]
struct Found {
    latencies: Vec<u64>,
    rates: Vec<u64>,
    rest_kib: u64,
    rest_pss_kib: u64,
    sleeper: Option<Sleeper>,
    burst: Option<Burst>,
    /// Why it is measured no more.
    failed: Option<String>,
}

/// Measures everything. The order within each round is one of its own, which the seed decides.
pub fn run(plan: &Plan, tell: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    clock::settle();
    schedule::place(RAISER, Urgency::Normal)?;
    let device = Device::find()?;
    use_debians_shell()?;
    let mut hooks = Hooks::open(plan.asleep_s)?;
    let mut random = Random::new(plan.seed);
    let chosen: Vec<Candidate> = ALL.into_iter().filter(|one| is_chosen(plan, one)).collect();
    // The last turn is for what is measured once.
    let turns = plan.rounds + u32::from(!plan.quick);
    let of = u32::try_from(chosen.len())? * turns + confinement::parts(plan);
    let mut done = 0;
    let mut found: Vec<Found> = chosen.iter().map(|_| Found::default()).collect();
    let mut order: Vec<usize> = (0..chosen.len()).collect();
    for round in 0..turns {
        random.shuffle(&mut order);
        for &at in &order {
            let (Some(candidate), Some(found)) = (chosen.get(at), found.get_mut(at)) else {
                continue;
            };
            let what = match round < plan.rounds {
                true => format!("{}: latency and rate, round {}", candidate.name, round + 1),
                false => format!("{}: a hook that sleeps, and a burst", candidate.name),
            };
            tell(Line::Progress { done, of, what })?;
            done += 1;
            if found.failed.is_some() {
                continue;
            }
            if let Err(error) = turn(plan, round, candidate, &device, &mut hooks, found) {
                found.failed = Some(format!("{error:#}"));
            }
        }
    }
    for (candidate, found) in chosen.iter().zip(found) {
        conclude(candidate.name, found, tell)?;
    }
    if plan.quick {
        return Ok(());
    }
    confinement::measure(plan, &device, &mut hooks, &mut random, &mut done, of, tell)
}

/// Whether the plan is for this one.
fn is_chosen(plan: &Plan, candidate: &Candidate) -> bool {
    plan.only.is_empty() || plan.only.iter().any(|name| name == candidate.name)
}

/// `sh` is busybox's in a guest, and dash on Debian. acpid and mdev start hooks with it.
fn use_debians_shell() -> Result<()> {
    const SHELL: &str = "/usr/bin/sh";
    fs::remove_file(SHELL)
        .and_then(|()| symlink("dash", SHELL))
        .with_context(|| format!("failed to make {SHELL} dash"))
}

/// One start of a candidate.
fn turn(
    plan: &Plan,
    round: u32,
    candidate: &Candidate,
    device: &Device,
    hooks: &mut Hooks,
    found: &mut Found,
) -> Result<()> {
    let mut session = Session::begin(candidate.start, device, hooks)?;
    latency::one_by_one(&mut session, plan.warm_up)?;
    if round == 0 {
        found.rest_kib = session.look()?.resident_kib;
        found.rest_pss_kib = session.process.pss_kib();
    }
    if round < plan.rounds {
        let samples = plan.samples / plan.rounds.max(1);
        let latencies = latency::one_by_one(&mut session, samples.max(1))?;
        found.latencies.extend(latencies);
        let rate = rate::sustained(&mut session, plan).context("rate")?;
        // Thousandths are enough, and whole numbers have a median.
        found.rates.push((rate * 1000.0) as u64);
        return Ok(());
    }
    let samples = plan.samples / plan.rounds.max(1);
    found.sleeper = Some(sleeper::measure(&mut session, plan, samples).context("sleeper")?);
    drop(session);
    // One that still has its sleeper to wait for is of no use to a burst.
    let mut session = Session::begin(candidate.start, device, hooks)?;
    found.burst = Some(burst::measure(&mut session, plan, candidate.patience).context("burst")?);
    Ok(())
}

fn conclude(name: &str, found: Found, tell: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    if let Some(reason) = found.failed {
        tell(Line::Skipped(Skipped {
            name: name.to_owned(),
            reason,
        }))?;
    }
    let Some(latency_ns) = Distribution::of(&found.latencies) else {
        return Ok(());
    };
    tell(Line::Peer(Box::new(Peer {
        name: name.to_owned(),
        latency_ns,
        hooks_hz: distribution::median(&found.rates).unwrap_or(0) as f64 / 1000.0,
        rest_kib: found.rest_kib,
        rest_pss_kib: found.rest_pss_kib,
        sleeper: found.sleeper,
        burst: found.burst,
    })))
}
