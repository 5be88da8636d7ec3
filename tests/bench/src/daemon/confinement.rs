//! What each kind of confinement adds to a hook of irqcastd (docs/confinement.md).

use anyhow::Result;
use irqcast_bench::{
    device::Device,
    distribution::Distribution,
    peers::{Confinement, Line, Plan},
    schema::Skipped,
};

use super::{hooks::Hooks, irqcastd, latency, session::Session};
use crate::random::Random;

/// Each kind, with what the rule says. The hook has to reach its program and the FIFO.
const KINDS: [(&str, &str); 10] = [
    ("none", ""),
    ("user", "user = \"nobody\""),
    ("capabilities", "capabilities = [\"CAP_NET_RAW\"]"),
    ("umask", "umask = \"022\""),
    (
        "limits",
        "memory = 67108864\nopen-files = 64\ncpu-time = 10",
    ),
    (
        "read-only, writable",
        "read-only = [\"/usr\"]\nwritable = [\"/run\"]",
    ),
    ("hidden", "hidden = [\"/root\"]"),
    ("private-tmp", "private-tmp = true"),
    ("network = false", "network = false"),
    (
        "all of these",
        "user = \"nobody\"\ncapabilities = [\"CAP_NET_RAW\"]\numask = \"022\"\nmemory = 67108864\n\
         open-files = 64\ncpu-time = 10\nread-only = [\"/usr\"]\nwritable = [\"/run\"]\n\
         hidden = [\"/root\"]\nprivate-tmp = true\nnetwork = false",
    ),
];

/// Turns of each kind.
const ROUNDS: u32 = 2;

/// How many parts of the whole this is.
pub fn parts(plan: &Plan) -> u32 {
    match plan.quick {
        true => 0,
        false => KINDS.len() as u32 * ROUNDS,
    }
}

/// Measures them all.
pub fn measure(
    plan: &Plan,
    device: &Device,
    hooks: &mut Hooks,
    random: &mut Random,
    done: &mut u32,
    of: u32,
    tell: &mut dyn FnMut(Line) -> Result<()>,
) -> Result<()> {
    let samples = (plan.samples / plan.rounds.max(1) / (2 * ROUNDS)).max(1);
    let mut found: Vec<Result<Vec<u64>>> = KINDS.iter().map(|_| Ok(Vec::new())).collect();
    let mut order: Vec<usize> = (0..KINDS.len()).collect();
    for _ in 0..ROUNDS {
        random.shuffle(&mut order);
        for &at in &order {
            let (Some((name, keys)), Some(found)) = (KINDS.get(at), found.get_mut(at)) else {
                continue;
            };
            let what = format!("confinement: {name}");
            tell(Line::Progress {
                done: *done,
                of,
                what,
            })?;
            *done += 1;
            let Ok(known) = found else { continue };
            let more = format!("[rule.hook.confine]\n{keys}\n");
            match turn(plan, device, hooks, &more, samples) {
                Ok(latencies) => known.extend(latencies),
                Err(error) => *found = Err(error),
            }
        }
    }
    for ((name, _), found) in KINDS.iter().zip(found) {
        let name = (*name).to_owned();
        match found.map(|latencies| Distribution::of(&latencies)) {
            Ok(Some(latency_ns)) => tell(Line::Confinement(Confinement { name, latency_ns }))?,
            Ok(None) => {}
            Err(error) => tell(Line::Skipped(Skipped {
                name: format!("confinement: {name}"),
                reason: format!("{error:#}"),
            }))?,
        }
    }
    Ok(())
}

fn turn(
    plan: &Plan,
    device: &Device,
    hooks: &mut Hooks,
    more: &str,
    samples: u32,
) -> Result<Vec<u64>> {
    let mut session = Session::begin(|device| irqcastd::start(device, more), device, hooks)?;
    latency::one_by_one(&mut session, plan.warm_up)?;
    latency::one_by_one(&mut session, samples)
}
