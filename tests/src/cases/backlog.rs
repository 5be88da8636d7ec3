//! Hooks that are slower than events: the daemon holds back, and the driver keeps what comes.

use std::fs::File;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;

use crate::amount;
use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::raw::Genl;
use crate::wait;

/// What the daemon may hold in these tests: far less than what comes.
const LIMITS: &str = "queue = 32\nreceive-buffer = 16384";

/// What the daemon says when it takes nothing more.
const HOLDS: &str = "no event is taken until half of them ran";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("backlog::every_event_runs_its_hook", every_event_runs).within(600),
        // So many interrupts take the debug kernel long, and it is not the kernel that is judged.
        Case::new("backlog::memory_stays_flat", memory_stays_flat)
            .only_on(&["stock"])
            .within(1800)
            .soak(200_000, 7200),
    ]
}

/// Raises this often on device 0, each time after the event before.
fn raise(genl: &mut Genl, count: u64, bits: u32) -> Result<()> {
    for _ in 0..count {
        genl.interrupt(0, bits)?;
    }
    Ok(())
}

fn listening() -> Result<Genl> {
    let genl = Genl::open()?;
    genl.join()?;
    Ok(genl)
}

/// A hook that waits for the file `gate`, and then leaves its number in the file `ran`.
fn gated(setup: &Setup) -> Result<std::path::PathBuf> {
    let folder = setup.path("");
    setup.script(
        "gated",
        &format!(
            "#!/bin/sh\ncd {folder:?} || exit 1\nwhile [ ! -e gate ]; do sleep 0.1; done\n\
             echo $IRQCAST_SEQ >> ran\n"
        ),
    )
}

fn ran(setup: &Setup) -> Vec<u64> {
    let text = std::fs::read_to_string(setup.path("ran")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn every_event_runs() -> Result<()> {
    const COUNT: u64 = 300;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hook = gated(&setup)?;
    let path = setup.configure_limited(LIMITS, &[setup.rule_running("slow", "", &hook)])?;
    let daemon = Daemon::start(&path)?;
    raise(&mut listening()?, COUNT, 4)?;
    let line = daemon.says(HOLDS)?;
    ensure!(
        line.contains("WARN") && line.contains("rule=slow"),
        "{line}"
    );
    File::create(setup.path("gate"))?;
    wait::until_count("hooks ran", COUNT as usize, || Ok(ran(&setup).len()))?;
    daemon.says("taking events again")?;
    daemon.says("the kernel dropped events")?;
    daemon.stop()?;
    let ran = ran(&setup);
    ensure!(ran.iter().copied().eq(1..=COUNT), "{ran:?}");
    Ok(())
}

/// How much the daemon's memory may grow while it holds back, in KiB.
const MARGIN_KIB: u64 = 256;

/// All that comes while the daemon holds back stays in the driver, and nothing of it is lost.
fn memory_stays_flat() -> Result<()> {
    let count = amount::count(20_000);
    let _driver = Driver::load_with(&format!("history={}", (count + 1100).min(1 << 20)))?;
    let setup = Setup::new()?;
    let hook = gated(&setup)?;
    let path = setup.configure_limited(LIMITS, &[setup.rule_running("slow", "", &hook)])?;
    let daemon = Daemon::start(&path)?;
    let mut genl = listening()?;
    raise(&mut genl, 1_000, 4)?;
    daemon.says(HOLDS)?;
    let before = daemon.resident_kib()?;
    raise(&mut genl, count, 4)?;
    let held = daemon.resident_kib()?;
    // The rest is for nobody but the last one, or this would take as long as so many hooks.
    let rule = setup.rule_running("slow", "cause-any = 0x40", &hook);
    setup.configure_limited(LIMITS, &[rule])?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says("took the configuration")?;
    raise(&mut genl, 1, 0x40)?;
    File::create(setup.path("gate"))?;
    let last = 1_000 + count + 1;
    wait::until_count("events were taken", usize::try_from(last)?, || {
        let life = setup.remembered(0, |_| true)?;
        Ok(usize::try_from(life["taken"].as_u64().unwrap_or(0))?)
    })?;
    wait::until("the last hook", || {
        Ok(ran(&setup).contains(&last).then_some(()))
    })?;
    let after = daemon.resident_kib()?;
    let log = daemon.log().join("\n");
    daemon.stop()?;
    ensure!(!log.contains("lost"), "{log}");
    for (when, found) in [("it held back", held), ("it had read all", after)] {
        ensure!(
            found <= before + MARGIN_KIB,
            "{before} KiB when it began to hold back, {found} KiB when {when}"
        );
    }
    amount::stated("events while the daemon held back", count);
    amount::stated("daemon's memory when it began to hold back, KiB", before);
    amount::stated("daemon's memory after these events, KiB", held);
    amount::stated("daemon's memory after it had taken them, KiB", after);
    Ok(())
}
