//! The daemon as a service: started by the device, stopped, killed, upgraded, under a clock that jumps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use super::FIXED;
use crate::case::Case;
use crate::installed::{self, UNIT};
use crate::system;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "debian::installing_starts_the_daemon_for_a_device_that_is_there",
            installing_starts,
        ),
        Case::new(
            "debian::hooks_write_the_journal_with_fields",
            hooks_write_the_journal,
        ),
        Case::new("debian::stopped_service_misses_nothing", stopped),
        Case::new("debian::restarted_service_misses_nothing", restarted),
        Case::new(
            "debian::killed_daemon_is_started_again_and_misses_nothing",
            killed,
        ),
        Case::new("debian::upgrade_misses_nothing", upgraded),
        Case::new("debian::clock_may_be_stepped", clock_is_stepped),
    ]
}

fn installing_starts() -> Result<()> {
    system::settled()?;
    installed::install(&installed::package()?)?;
    system::until_property(UNIT, "SubState", "running")
}

fn hooks_write_the_journal() -> Result<()> {
    installed::ready()?;
    let events = installed::raise(FIXED.0, 1)?;
    installed::each_has_its_hook(FIXED.0, &events)?;
    let seq = events.first().context("no event was raised")?;
    let found = crate::wait::until("the hook's line in the journal", || {
        let found = system::run(&format!(
            "journalctl --no-pager --quiet --output=cat IRQCAST_RULE=e2e IRQCAST_SEQ={seq} \
             --output-fields=IRQCAST_LINE || true"
        ))?;
        Ok(found
            .contains(&format!("the hook saw event {seq}"))
            .then_some(found))
    });
    found.map(drop).with_context(|| {
        system::run("journalctl --no-pager --output=json-pretty --lines=5 --unit=irqcastd")
            .unwrap_or_default()
    })
}

fn stopped() -> Result<()> {
    installed::ready()?;
    system::run(&format!("systemctl stop {UNIT}"))?;
    let events = installed::raise(FIXED.0, 5)?;
    system::run(&format!("systemctl start {UNIT}"))?;
    let runs = installed::each_has_its_hook(FIXED.0, &events)?;
    ensure!(
        runs.iter().all(|run| run.replayed),
        "events that came while no daemon ran are no replayed ones: {runs:?}"
    );
    Ok(())
}

fn restarted() -> Result<()> {
    installed::ready()?;
    let events = under_events(|| system::run(&format!("systemctl restart {UNIT}")).map(drop))?;
    installed::each_has_its_hook(FIXED.0, &events).map(drop)
}

fn killed() -> Result<()> {
    installed::ready()?;
    let before = system::property(UNIT, "MainPID")?;
    let events = under_events(|| {
        system::run(&format!("systemctl kill --signal=KILL {UNIT}"))?;
        crate::wait::until("another daemon", || {
            let is_new = system::property(UNIT, "MainPID")? != before
                && system::property(UNIT, "SubState")? == "running";
            Ok(is_new.then_some(()))
        })
    })?;
    installed::each_has_its_hook(FIXED.0, &events).map(drop)
}

/// The same package under an older version is the previous one.
fn upgraded() -> Result<()> {
    installed::ready()?;
    let current = installed::package()?;
    system::run(&format!(
        "rm -rf /tmp/previous && dpkg-deb --raw-extract {current} /tmp/previous && \
         sed -i 's/^Version: .*/Version: 0.0.1/' /tmp/previous/DEBIAN/control && \
         dpkg-deb --build -Znone /tmp/previous /tmp/previous.deb"
    ))?;
    installed::install("/tmp/previous.deb")?;
    installed::ready()?;
    let before = system::property(UNIT, "MainPID")?;
    let events = under_events(|| installed::install(&current))?;
    let after = system::property(UNIT, "MainPID")?;
    ensure!(before != after, "the upgrade left the old daemon running");
    let version = system::run("dpkg-query --show --showformat='${Version}' irqcastd")?;
    ensure!(version != "0.0.1", "nothing was upgraded");
    installed::each_has_its_hook(FIXED.0, &events).map(drop)
}

fn clock_is_stepped() -> Result<()> {
    installed::ready()?;
    let before = system::property(UNIT, "MainPID")?;
    for step in ["1 day", "-2 days", "1 day"] {
        system::run(&format!("date --set='{step}'"))?;
        let events = installed::raise(FIXED.0, 2)?;
        installed::each_has_its_hook(FIXED.0, &events)?;
    }
    let after = system::property(UNIT, "MainPID")?;
    ensure!(before == after, "the daemon did not survive it");
    Ok(())
}

/// Does something while the first device interrupts all the time. Returns the events' numbers.
fn under_events(act: impl FnOnce() -> Result<()>) -> Result<Vec<u64>> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let raiser = scope.spawn(|| -> Result<Vec<u64>> {
            let mut events = Vec::new();
            // One more after the end, at least.
            loop {
                let is_last = done.load(Ordering::SeqCst);
                events.extend(installed::raise(FIXED.0, 1)?);
                if is_last {
                    return Ok(events);
                }
            }
        });
        let acted = act();
        done.store(true, Ordering::SeqCst);
        let events = raiser
            .join()
            .unwrap_or_else(|_| anyhow::bail!("the thread that raises panicked"))?;
        acted.map(|()| events)
    })
}
