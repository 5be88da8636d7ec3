//! Rules for events that are lost.

use std::fs::{self, File};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::{tool, wait};

/// Events that each device's ring holds in these tests.
const HELD: u64 = 16;

/// Leaves what it got in a file named for rule and mark; then waits for the file `gate`.
const HOOK: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
{ env | grep ^IRQCAST_ | sort; cat; } > "new.$$"
mv "new.$$" "lost.$IRQCAST_RULE.$IRQCAST_REPEATED"
while [ ! -e gate ]; do sleep 0.1; done
"#;

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both(
        "loss",
        "what_left_the_ring_is_told_as_a_range",
        what_left_the_ring,
    );
    cases.extend([
        Case::new("loss::rules_choose_by_device", rules_choose_by_device),
        Case::new(
            "loss::hook_that_did_not_end_runs_again",
            hook_that_did_not_end,
        ),
    ]);
    cases.into_iter().map(|case| case.within(600)).collect()
}

fn load(mode: Mode) -> Result<Driver> {
    let msi = u8::from(mode == Mode::Msi);
    Driver::load_with(&format!("msi={msi} history={HELD}"))
}

/// What the hook of `rule` got, with or without its mark.
fn told(setup: &Setup, rule: &str, mark: u8) -> Result<Vec<String>> {
    let file = setup.path(&format!("lost.{rule}.{mark}"));
    wait::until(&format!("the hook of {rule}"), || {
        Ok(file.exists().then_some(()))
    })?;
    Ok(fs::read_to_string(file)?
        .lines()
        .map(str::to_owned)
        .collect())
}

/// While no daemon runs, more events come than the ring holds.
fn what_left_the_ring(mode: Mode) -> Result<()> {
    let _driver = load(mode)?;
    let setup = Setup::new()?;
    let hook = setup.script("hook", HOOK)?;
    File::create(setup.path("gate"))?;
    let path = setup.configure(&[
        setup.rule("all", ""),
        setup.rule_running("told", "lost = true", &hook),
    ])?;
    let daemon = Daemon::start(&path)?;
    tool::raise(1)?;
    setup.until_finished(0, 1)?;
    daemon.kill()?;
    tool::raise(40)?;
    let daemon = Daemon::start(&path)?;
    let mut given = told(&setup, "told", 0)?;
    let input: Value = serde_json::from_str(&given.pop().context("no standard input")?)?;
    let range = json!({"lost": {"device": 0, "from": 2, "to": 41 - HELD}});
    ensure!(input == range, "standard input is {input}");
    let address = Driver::bound()?[0].clone();
    let expected = [
        format!("IRQCAST_ADDRESS={address}"),
        "IRQCAST_DEVICE=0".to_owned(),
        format!("IRQCAST_LOST_COUNT={}", 40 - HELD),
        "IRQCAST_LOST_FROM=2".to_owned(),
        format!("IRQCAST_LOST_TO={}", 41 - HELD),
        "IRQCAST_REPEATED=0".to_owned(),
        "IRQCAST_RULE=told".to_owned(),
    ];
    ensure!(given == expected, "the environment has {given:?}");
    let hooks = 1 + usize::try_from(HELD)?;
    wait::until_count("hooks ran", hooks, || Ok(setup.order()?.len()))?;
    setup.until_finished(0, 41)?;
    daemon.stop()?;
    let ran = setup.order()?;
    let held = 42 - HELD..=41;
    let expected: Vec<String> = (1..=1)
        .chain(held)
        .map(|seq| format!("all 0 {seq}"))
        .collect();
    ensure!(ran == expected, "ran: {ran:?}");
    Ok(())
}

fn rules_choose_by_device() -> Result<()> {
    let _driver = load(Mode::Msi)?;
    let first = Driver::bound()?[0].clone();
    let setup = Setup::new()?;
    let hook = setup.script("hook", HOOK)?;
    File::create(setup.path("gate"))?;
    let rules = [
        ("number", "lost = true, device = 0".to_owned()),
        ("address", format!("lost = true, address = {first:?}")),
        ("other", "lost = true, device = 1".to_owned()),
        ("elsewhere", "lost = true, address = \"ffff:*\"".to_owned()),
    ]
    .map(|(name, conditions)| setup.rule_running(name, &conditions, &hook));
    let path = setup.configure(&rules)?;
    Daemon::start(&path)?.stop()?;
    // Nothing of the device is known but what the driver says.
    tool::raise(HELD + 1)?;
    let daemon = Daemon::start(&path)?;
    setup.until_finished(0, HELD + 1)?;
    daemon.stop()?;
    let mut told: Vec<String> = fs::read_dir(setup.path(""))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("lost."))
        .collect();
    told.sort();
    ensure!(told == ["lost.address.0", "lost.number.0"], "{told:?}");
    Ok(())
}

fn hook_that_did_not_end() -> Result<()> {
    let _driver = load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hook = setup.script("hook", HOOK)?;
    let path = setup.configure(&[setup.rule_running("told", "lost = true", &hook)])?;
    Daemon::start(&path)?.stop()?;
    tool::raise(HELD + 5)?;
    let daemon = Daemon::start(&path)?;
    told(&setup, "told", 0)?;
    daemon.kill()?;
    File::create(setup.path("gate"))?;
    let daemon = Daemon::start(&path)?;
    let given = told(&setup, "told", 1)?;
    let input = given.last().context("no standard input")?;
    let range = r#"{"lost":{"device":0,"from":1,"to":5},"repeated":true}"#;
    ensure!(input == range, "{input}");
    setup.until_finished(0, HELD + 5)?;
    daemon.stop()?;
    // Once it has ended nobody tells of it again.
    let daemon = Daemon::start(&path)?;
    let log = daemon.log().join("\n");
    daemon.stop()?;
    ensure!(!log.contains("lost"), "{log}");
    Ok(())
}
