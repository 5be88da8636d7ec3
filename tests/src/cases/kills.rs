//! The daemon is killed at random moments under load, and no event is left without its hook.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::raw::Genl;
use crate::{amount, chance, tool, wait};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "kills::no_event_is_left_without_its_hook",
            no_event_is_left_without_its_hook,
        )
        .within(1800)
        .soak(200, 7200),
    ]
}

/// Longest time that a daemon runs before it is killed.
const LIFE_MAX: Duration = Duration::from_millis(1500);

/// Hooks that wait at most, so that the ring holds what comes while no daemon runs.
const AHEAD: u64 = 200;

/// Raises on both devices until it is told to end, as long as the hooks keep up.
struct Load {
    raised: Arc<[AtomicU64; 2]>,
    ran: Arc<AtomicU64>,
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Result<()>>,
}

impl Load {
    fn start() -> Result<Self> {
        let raised = Arc::new([const { AtomicU64::new(0) }; 2]);
        let ran = Arc::new(AtomicU64::new(0));
        let ends = Arc::new(AtomicBool::new(false));
        let mut genl = Genl::open()?;
        genl.join()?;
        let (counts, hooks, end) = (Arc::clone(&raised), Arc::clone(&ran), Arc::clone(&ends));
        let thread = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                for (device, count) in (0..).zip(counts.iter()) {
                    genl.interrupt(device, 4)?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                let raised = || -> u64 {
                    let counts = counts.iter();
                    counts.map(|count| count.load(Ordering::Relaxed)).sum()
                };
                while raised() > hooks.load(Ordering::Relaxed) + AHEAD
                    && !end.load(Ordering::Relaxed)
                {
                    sleep(Duration::from_millis(5));
                }
            }
            Ok(())
        });
        Ok(Self {
            raised,
            ran,
            ends,
            thread,
        })
    }

    /// Ends, and returns how many events each device had.
    fn end(self) -> Result<[u64; 2]> {
        self.ends.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(result) => result?,
            Err(_) => anyhow::bail!("the raising thread panicked"),
        }
        Ok([0, 1].map(|device| self.raised[device].load(Ordering::Relaxed)))
    }
}

/// What hooks left: device, number and mark, a line for each run.
type Runs = Vec<(u32, u64, bool)>;

fn runs(file: &Path) -> Result<Runs> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let complete = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    complete
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [device, seq, mark] = fields.as_slice() else {
                anyhow::bail!("a hook left {line:?}");
            };
            Ok((device.parse()?, seq.parse()?, *mark == "1"))
        })
        .collect()
}

fn no_event_is_left_without_its_hook() -> Result<()> {
    let kills = amount::count(5);
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let file = setup.path("runs");
    let hook = setup.script(
        "hook",
        &format!("#!/bin/sh\necho $IRQCAST_DEVICE $IRQCAST_SEQ $IRQCAST_REPEATED >> {file:?}\n"),
    )?;
    let rules = [
        setup.rule_running("all", "", &hook),
        setup.rule_running("told", "lost = true", Path::new("/bin/false")),
    ];
    let path = setup.configure(&rules)?;
    // From here on every event is the daemon's.
    Daemon::start(&path)?.kill()?;

    let load = Load::start()?;
    let mut logs = Vec::new();
    for _ in 0..kills {
        let daemon = Daemon::start_until(&path, "going on where an earlier daemon ended")?;
        sleep(chance::up_to(LIFE_MAX)?);
        logs.extend(daemon.log());
        daemon.kill()?;
        load.ran.store(runs(&file)?.len() as u64, Ordering::Relaxed);
    }
    let raised = load.end()?;
    let daemon = Daemon::start(&path)?;
    let all = usize::try_from(raised.iter().sum::<u64>())?;
    let distinct = |runs: &Runs| -> BTreeSet<(u32, u64)> {
        runs.iter().map(|&(device, seq, _)| (device, seq)).collect()
    };
    wait::until_count("events had their hooks", all, || {
        Ok(distinct(&runs(&file)?).len())
    })?;
    for (device, last) in (0..).zip(raised) {
        ensure!(tool::counter(&tool::device(device.into())?, "interrupts")? == last);
        setup.until_finished(device, last)?;
    }
    logs.extend(daemon.log());
    daemon.stop()?;

    let lost: Vec<_> = logs
        .iter()
        .filter(|line| line.contains("were lost"))
        .collect();
    ensure!(lost.is_empty(), "{lost:?}");
    let runs = runs(&file)?;
    ensure!(
        distinct(&runs).len() == all,
        "more hooks than events: {runs:?}"
    );
    let mut unmarked = BTreeMap::new();
    for &(device, seq, mark) in &runs {
        *unmarked.entry((device, seq)).or_insert(0) += u64::from(!mark);
    }
    let twice = unmarked.iter().find(|&(_, &times)| times > 1);
    ensure!(
        twice.is_none(),
        "a hook ran again without its mark: {twice:?}"
    );
    let marked = runs.iter().filter(|(_, _, mark)| *mark).count();
    let repeated = runs.len() - all;
    // Two devices and one rule: two hooks ran at most when the daemon died.
    let bound = 2 * usize::try_from(kills).context("a small count")?;
    ensure!(marked <= bound, "{marked} marked hooks after {kills} kills");
    amount::stated("daemons killed", kills);
    amount::stated("events", all);
    amount::stated("events without their hook", 0);
    amount::stated("hooks that ran twice", repeated);
    amount::stated("hooks with the mark", marked);
    Ok(())
}
