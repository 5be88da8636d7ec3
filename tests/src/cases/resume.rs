//! A daemon goes on where the one before ended.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::{tool, wait};

/// Leaves in a file, named for event and mark, what it got; then waits for the file `gate`.
const GATED_HOOK: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
{ env | grep ^IRQCAST_RE | sort; cat; } > "new.$$"
mv "new.$$" "start.$IRQCAST_SEQ.$IRQCAST_REPEATED"
while [ ! -e gate ]; do sleep 0.1; done
"#;

pub fn cases() -> Vec<Case> {
    [
        Case::new("resume::killed_daemon_goes_on", killed_daemon_goes_on),
        Case::new("resume::stopped_daemon_goes_on", stopped_daemon_goes_on),
        Case::new(
            "resume::running_hook_runs_again_with_its_mark",
            running_hook_runs_again,
        ),
        Case::new(
            "resume::first_daemon_begins_with_what_comes",
            first_daemon_begins_with_what_comes,
        ),
        Case::new(
            "resume::finished_rule_does_not_run_again",
            finished_rule_does_not_run_again,
        ),
        Case::new("resume::device_of_a_new_life_is_whole", new_life_is_whole),
        Case::new(
            "resume::another_boot_tells_what_was_unfinished",
            another_boot,
        ),
    ]
    .into_iter()
    .map(|case| case.within(600))
    .collect()
}

fn has(line: &str, given: &[String]) -> Result<()> {
    ensure!(
        given.iter().any(|given| given == line),
        "no {line} in {given:?}"
    );
    Ok(())
}

/// The hooks of `all` ran for these events of device 0, in this order, each once.
fn ran_once_each(setup: &Setup, last: u64) -> Result<()> {
    let expected: Vec<String> = (1..=last).map(|seq| format!("all 0 {seq}")).collect();
    let ran = setup.order()?;
    ensure!(ran == expected, "ran: {ran:?}\nnot: {expected:?}");
    Ok(())
}

fn killed_daemon_goes_on() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let daemon = Daemon::start(&path)?;
    tool::raise(3)?;
    setup.until_finished(0, 3)?;
    daemon.kill()?;
    tool::raise(3)?;
    let daemon = Daemon::start(&path)?;
    for seq in 4..=6 {
        let given = setup.ran("all", 0, seq)?;
        has("IRQCAST_REPLAYED=1", &given)?;
        has("IRQCAST_REPEATED=0", &given)?;
    }
    tool::raise(1)?;
    has("IRQCAST_REPLAYED=0", &setup.ran("all", 0, 7)?)?;
    daemon.stop()?;
    ran_once_each(&setup, 7)
}

/// A daemon that is stopped lets the running hook end, and leaves those that wait to the next one.
fn stopped_daemon_goes_on() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let (path, gate) = gated(&setup, "")?;
    let mut daemon = Daemon::start(&path)?;
    tool::raise(3)?;
    until_started(&setup, 1, 0)?;
    setup.remembered(0, |life| life["taken"] == 3)?;
    daemon.signal(Signal::SIGTERM)?;
    daemon.says("hooks wait; they run at the next start")?;
    File::create(&gate)?;
    ensure!(daemon.wait()?.success());
    let daemon = Daemon::start(&path)?;
    for seq in 2..=3 {
        let given = until_started(&setup, seq, 0)?;
        has("IRQCAST_REPLAYED=1", &given)?;
    }
    setup.until_finished(0, 3)?;
    daemon.stop()?;
    ensure!(!started(&setup, 1, 1).exists(), "the first hook ran again");
    Ok(())
}

/// A rule `gated` whose hook waits for the file that is returned too.
fn gated(setup: &Setup, conditions: &str) -> Result<(PathBuf, PathBuf)> {
    let hook = setup.script("gated", GATED_HOOK)?;
    let path = setup.configure(&[setup.rule_running("gated", conditions, &hook)])?;
    Ok((path, setup.path("gate")))
}

fn started(setup: &Setup, seq: u64, mark: u8) -> PathBuf {
    setup.path(&format!("start.{seq}.{mark}"))
}

/// What the gated hook got for an event, with or without the mark, once it runs.
fn until_started(setup: &Setup, seq: u64, mark: u8) -> Result<Vec<String>> {
    let file = started(setup, seq, mark);
    wait::until(
        &format!("the hook for event {seq} with the mark {mark}"),
        || Ok(file.exists().then_some(())),
    )?;
    Ok(fs::read_to_string(file)?
        .lines()
        .map(str::to_owned)
        .collect())
}

fn running_hook_runs_again() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let (path, gate) = gated(&setup, "")?;
    let daemon = Daemon::start(&path)?;
    tool::raise(2)?;
    until_started(&setup, 1, 0)?;
    daemon.kill()?;
    File::create(&gate)?;
    let daemon = Daemon::start(&path)?;
    let given = until_started(&setup, 1, 1)?;
    let input: Value = serde_json::from_str(given.last().map_or("", String::as_str))?;
    ensure!(
        input["seq"] == 1 && input["repeated"] == true && input["replayed"] == true,
        "{input}"
    );
    // It waited when the daemon died: nobody has seen it.
    let given = until_started(&setup, 2, 0)?;
    ensure!(!given.concat().contains("repeated"), "{given:?}");
    setup.until_finished(0, 2)?;
    daemon.stop()?;
    ensure!(!started(&setup, 2, 1).exists(), "the second hook is marked");
    Ok(())
}

fn first_daemon_begins_with_what_comes() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    tool::raise(2)?;
    // Killed before anything came: the next one knows all the same where it began.
    Daemon::start(&path)?.kill()?;
    tool::raise(1)?;
    let daemon = Daemon::start(&path)?;
    setup.ran("all", 0, 3)?;
    daemon.stop()?;
    let ran = setup.order()?;
    ensure!(ran == ["all 0 3"], "{ran:?}");
    Ok(())
}

/// One rule's hook hangs, the other rule's hooks are done: only the first rule's run again.
fn finished_rule_does_not_run_again() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hook = setup.script("gated", GATED_HOOK)?;
    let path = setup.configure(&[
        setup.rule_running("gated", "cause-any = 0x2", &hook),
        setup.rule("all", ""),
    ])?;
    let daemon = Daemon::start(&path)?;
    tool::json(&["raise", "--device", "0", "--bits", "0x2"])?;
    tool::json(&["raise", "--device", "0", "--bits", "0x4", "--count", "2"])?;
    until_started(&setup, 1, 0)?;
    setup.remembered(0, |life| {
        life["taken"] == 3 && life["rules"]["gated"].is_object() && life["rules"]["all"].is_null()
    })?;
    daemon.kill()?;
    File::create(setup.path("gate"))?;
    let daemon = Daemon::start(&path)?;
    until_started(&setup, 1, 1)?;
    setup.until_finished(0, 3)?;
    daemon.stop()?;
    ran_once_each(&setup, 3)
}

/// The driver is loaded anew while no daemon runs: all events of the new life run their hooks, and no
/// gap is told although its numbers are smaller than those before.
fn new_life_is_whole() -> Result<()> {
    let driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", ""), setup.rule("told", "lost = true")])?;
    let daemon = Daemon::start(&path)?;
    tool::raise(5)?;
    setup.until_finished(0, 5)?;
    daemon.kill()?;
    driver.unload()?;
    let _driver = Driver::load(Mode::Msi)?;
    tool::raise(2)?;
    let daemon = Daemon::start(&path)?;
    setup.until_finished(0, 2)?;
    let told = daemon.log().join("\n");
    daemon.stop()?;
    ensure!(!told.contains("lost"), "{told}");
    let ran = setup.order()?;
    let numbers: Vec<&str> = ran
        .iter()
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    ensure!(numbers == ["1", "2", "3", "4", "5", "1", "2"], "{ran:?}");
    Ok(())
}

/// The machine was started anew: what was unfinished is lost, and told as exactly that.
fn another_boot() -> Result<()> {
    let driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let (path, gate) = gated(&setup, "")?;
    let daemon = Daemon::start(&path)?;
    tool::raise(3)?;
    until_started(&setup, 1, 0)?;
    setup.remembered(0, |life| life["taken"] == 3)?;
    daemon.kill()?;
    File::create(&gate)?;
    // What a boot changes: its ID, and the lives of the devices.
    driver.unload()?;
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let state = fs::read_to_string(setup.state())?;
    ensure!(state.contains(boot_id.trim()), "{state}");
    let other = "0d4b8c53-9a0c-4c1c-b2f7-000000000000";
    fs::write(setup.state(), state.replace(boot_id.trim(), other))?;
    let _driver = Driver::load(Mode::Msi)?;
    tool::raise(1)?;
    setup.configure(&[setup.rule("all", ""), setup.rule("told", "lost = true")])?;
    let daemon = Daemon::start(&path)?;
    let line = daemon.says("events were lost")?;
    ensure!(
        line.contains("from=1 to=3") && line.contains("count=3"),
        "{line}"
    );
    setup.until_finished(0, 1)?;
    daemon.stop()?;
    let ran = setup.order()?;
    ensure!(
        ran == ["told 0 ", "all 0 1"] || ran == ["all 0 1", "told 0 "],
        "{ran:?}"
    );
    Ok(())
}
