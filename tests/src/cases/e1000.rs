//! A second driver on the same core, for a device that is not edu.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::talk::Request;
use serde_json::Value;

use crate::case::{Case, Machine, Mode};
use crate::cases::{events, history, lifecycle, listeners, removal};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::subject::E1000;
use crate::{host, tool, wait};

const SPEC: &str = "/usr/share/irqcast/specs/irqcast-e1000.yaml";
const CLIENT: &str = "/usr/src/linux/tools/net/ynl/pyynl/cli.py";

/// What QEMU calls the card.
const CARD: &str = "card";

/// The bit of the interrupt cause register that says that the link changed.
const LINK_CHANGED: u64 = 0x4;

/// A hook that leaves its standard input in the file `ran.RULE`, which appears whole.
const HOOK: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
cat > "new.$$" && mv "new.$$" "ran.$IRQCAST_RULE"
"#;

/// A hook that adds its standard input, a line, to the file `all.RULE`.
const APPENDING_HOOK: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
line=$(cat) && echo "$line" >> "all.$IRQCAST_RULE"
"#;

pub fn cases() -> Vec<Case> {
    let own = [
        (
            "e1000::hook_runs_when_the_cable_is_pulled",
            cable as fn() -> Result<()>,
        ),
        ("e1000::raised_bits_are_an_event", raised_bits),
        ("e1000::drivers_live_side_by_side", side_by_side),
        (
            "e1000::killed_daemon_goes_on_with_both_families",
            goes_on_with_both,
        ),
        ("e1000::unloads_while_somebody_listens", unloads),
        ("e1000::unknown_bits_are_refused", unknown_bits),
    ]
    .into_iter()
    .map(|(name, body)| Case::new(name, body).within(300));
    own.chain(of_the_core())
        .map(|case| case.on(machine()))
        .collect()
}

/// What any driver on the core has to pass, with this one.
fn of_the_core() -> impl Iterator<Item = Case> {
    [
        events::of(&E1000),
        listeners::of(&E1000),
        history::of(&E1000),
        removal::of(&E1000),
        lifecycle::of(&E1000),
        lifecycle::reloads_of(&E1000),
    ]
    .into_iter()
    .flatten()
}

/// Two cards beside two edu devices. All tests share it, and so one boot.
fn machine() -> Machine {
    Machine {
        extra: vec!["e1000,id=card,romfile=", "e1000,id=other,romfile="],
        // For the registers of a device that has a driver.
        append: "iomem=relaxed",
        layers: vec!["python", "e1000"],
        ..Machine::default()
    }
}

/// What the kernel's own client makes of a request to the driver.
fn ask(arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-u", CLIENT, "--spec", SPEC, "--no-schema", "--output-json"]);
    let output = command.args(arguments).output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.success(),
        "{arguments:?} failed:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
}

/// A daemon that listens to the card's driver, and the folder of its rules.
fn listening(rules: &[(&str, &str)]) -> Result<(Setup, Daemon)> {
    let setup = Setup::new()?;
    let configuration = configure(&setup, HOOK, rules)?;
    let daemon = Daemon::start_until(&configuration, "listening to a family")?;
    Ok((setup, daemon))
}

/// Writes a configuration with the card's family and these rules, each with its conditions and all with
/// this script as their hook.
fn configure(setup: &Setup, hook: &str, rules: &[(&str, &str)]) -> Result<PathBuf> {
    let hook = setup.script("keep", hook)?;
    let family = format!("[[family]]\nname = \"irqcast-e1000\"\nspec = {SPEC:?}\n\n");
    let rules = rules
        .iter()
        .map(|(name, conditions)| setup.rule_running(name, conditions, &hook));
    let configuration: Vec<String> = std::iter::once(family).chain(rules).collect();
    setup.configure(&configuration)
}

/// What the hook of a rule was given.
fn given(setup: &Setup, rule: &str) -> Result<Value> {
    let path = setup.path(&format!("ran.{rule}"));
    wait::until(&format!("the hook of {rule}"), || {
        Ok(path.exists().then_some(()))
    })?;
    let text = fs::read_to_string(&path)?;
    serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
}

/// The cause of an event, which the specification has printed in hexadecimal.
fn cause(event: &Value) -> Result<u64> {
    let text = event["cause"].as_str();
    let digits = text.and_then(|text| text.strip_prefix("0x"));
    let digits = digits.with_context(|| format!("no cause in {event}"))?;
    Ok(u64::from_str_radix(digits, 16)?)
}

fn cable() -> Result<()> {
    let _e1000 = E1000.load(Mode::Intx)?;
    let (setup, daemon) = listening(&[
        (
            "pulled",
            r#"family = "irqcast-e1000", message = "event-ntf", attributes = { link = 0 }"#,
        ),
        (
            "plugged",
            r#"family = "irqcast-e1000", message = "event-ntf", attributes = { link = 1 }"#,
        ),
    ])?;
    for (request, rule, seq) in [
        (Request::PullCable { id: CARD }, "pulled", 1),
        (Request::PlugCable { id: CARD }, "plugged", 2),
    ] {
        host::ask(request)?;
        let event = &given(&setup, rule)?["attributes"];
        ensure!(event["seq"] == seq, "{event}");
        ensure!(cause(event)? & LINK_CHANGED != 0, "{event}");
    }
    daemon.stop()
}

fn raised_bits() -> Result<()> {
    let _e1000 = E1000.load(Mode::Intx)?;
    let (setup, daemon) = listening(&[(
        "raised",
        r#"family = "irqcast-e1000", message = "event-ntf""#,
    )])?;
    ask(&["--do", "raise", "--json", r#"{"device":0,"bits":16}"#])?;
    let event = &given(&setup, "raised")?["attributes"];
    ensure!(cause(event)? == 16 && event["device"] == 0, "{event}");
    ensure!(event.get("link").is_none(), "{event}");
    daemon.stop()
}

fn side_by_side() -> Result<()> {
    let _e1000 = E1000.load(Mode::Intx)?;
    let _driver = Driver::load(Mode::Msi)?;
    let (setup, daemon) = listening(&[
        ("card", r#"family = "irqcast-e1000", message = "event-ntf""#),
        ("edu", "device = 0"),
    ])?;
    ask(&["--do", "raise", "--json", r#"{"device":0,"bits":32}"#])?;
    tool::json(&["raise", "--device", "0", "--bits", "0x40"])?;
    let card = given(&setup, "card")?;
    ensure!(cause(&card["attributes"])? == 32, "{card}");
    let edu = given(&setup, "edu")?;
    ensure!(edu["cause"] == 0x40, "{edu}");
    for node in ["/dev/irqcast0", "/dev/irqcast_e1000-0"] {
        ensure!(Path::new(node).exists(), "there is no {node}");
    }
    daemon.stop()
}

/// What came while no daemon ran is fetched from edu's driver. Messages of a family that is known by its
/// specification only run a hook at most once, so that of the card is not.
fn goes_on_with_both() -> Result<()> {
    let _e1000 = E1000.load(Mode::Intx)?;
    let _edu = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = configure(
        &setup,
        APPENDING_HOOK,
        &[
            ("card", r#"family = "irqcast-e1000", message = "event-ntf""#),
            ("edu", "device = 0"),
        ],
    )?;
    let raise_both = || -> Result<()> {
        E1000.tool(&["raise", "--device", "0"])?;
        tool::raise(1)
    };
    let start = || -> Result<Daemon> {
        let daemon = Daemon::start(&path)?;
        daemon.says("listening to a family")?;
        Ok(daemon)
    };
    let daemon = start()?;
    raise_both()?;
    ran_for(&setup, "card", &[1])?;
    ran_for(&setup, "edu", &[1])?;
    setup.until_finished(0, 1)?;
    daemon.kill()?;
    raise_both()?;
    let daemon = start()?;
    ran_for(&setup, "edu", &[1, 2])?;
    raise_both()?;
    ran_for(&setup, "card", &[1, 3])?;
    ran_for(&setup, "edu", &[1, 2, 3])?;
    daemon.stop()
}

/// Waits until a rule's hook has run so often, and fails unless that was for these events.
fn ran_for(setup: &Setup, rule: &str, events: &[u64]) -> Result<()> {
    let path = setup.path(&format!("all.{rule}"));
    let lines = wait::until(&format!("{} hooks of {rule}", events.len()), || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let is_whole = text.ends_with('\n') && text.lines().count() >= events.len();
        Ok(is_whole.then_some(text))
    })?;
    let numbers = lines
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line)?;
            let event = value.get("attributes").unwrap_or(&value);
            event["seq"].as_u64().context("no number")
        })
        .collect::<Result<Vec<u64>>>()
        .with_context(|| lines.clone())?;
    ensure!(numbers == events, "{rule} ran for {numbers:?}: {lines}");
    Ok(())
}

fn unloads() -> Result<()> {
    let e1000 = E1000.load(Mode::Intx)?;
    let (_setup, daemon) = listening(&[(
        "raised",
        r#"family = "irqcast-e1000", message = "event-ntf""#,
    )])?;
    ask(&["--do", "raise", "--json", r#"{"device":0,"bits":16}"#])?;
    e1000.unload()?;
    daemon.says_times("waiting for a family", 1)?;
    daemon.stop()
}

fn unknown_bits() -> Result<()> {
    let _e1000 = E1000.load(Mode::Intx)?;
    let refused = ask(&[
        "--do",
        "raise",
        "--json",
        r#"{"device":0,"bits":2147483648}"#,
    ]);
    let error = refused.err().context("it was not refused")?.to_string();
    ensure!(error.contains("Numerical result out of range"), "{error}");
    Ok(())
}
