//! A second driver on the same core, for a device that is not edu.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::talk::Request;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};
use serde_json::Value;

use crate::case::{Case, Machine, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::{host, tool, wait};

const FILE: &str = "/lib/irqcast/irqcast_e1000.ko";
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

pub fn cases() -> Vec<Case> {
    [
        (
            "e1000::hook_runs_when_the_cable_is_pulled",
            cable as fn() -> Result<()>,
        ),
        ("e1000::raised_bits_are_an_event", raised_bits),
        ("e1000::drivers_live_side_by_side", side_by_side),
        ("e1000::unloads_while_somebody_listens", unloads),
        ("e1000::unknown_bits_are_refused", unknown_bits),
    ]
    .into_iter()
    .map(|(name, body)| {
        Case::new(name, body).within(300).on(Machine {
            extra: vec!["e1000,id=card,romfile="],
            layers: vec!["python", "e1000"],
            ..Machine::default()
        })
    })
    .collect()
}

/// The driver of the card. Dropping it unloads it.
struct E1000;

impl E1000 {
    fn load() -> Result<Self> {
        let file = File::open(FILE).with_context(|| format!("failed to open {FILE}"))?;
        finit_module(&file, c"", ModuleInitFlags::empty())
            .with_context(|| format!("failed to load {FILE}"))?;
        Ok(Self)
    }
}

impl Drop for E1000 {
    fn drop(&mut self) {
        // A test that failed has said why already, and one may have unloaded it.
        let _ = delete_module(c"irqcast_e1000", DeleteModuleFlags::O_NONBLOCK);
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
    let hook = setup.script("keep", HOOK)?;
    let family = format!("[[family]]\nname = \"irqcast-e1000\"\nspec = {SPEC:?}\n\n");
    let rules = rules
        .iter()
        .map(|(name, conditions)| setup.rule_running(name, conditions, &hook));
    let configuration: Vec<String> = std::iter::once(family).chain(rules).collect();
    let daemon = Daemon::start_until(&setup.configure(&configuration)?, "listening to a family")?;
    Ok((setup, daemon))
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
    let _e1000 = E1000::load()?;
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
    let _e1000 = E1000::load()?;
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
    let _e1000 = E1000::load()?;
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

fn unloads() -> Result<()> {
    let _e1000 = E1000::load()?;
    let (_setup, daemon) = listening(&[(
        "raised",
        r#"family = "irqcast-e1000", message = "event-ntf""#,
    )])?;
    ask(&["--do", "raise", "--json", r#"{"device":0,"bits":16}"#])?;
    delete_module(c"irqcast_e1000", DeleteModuleFlags::O_NONBLOCK)
        .context("failed to unload the driver")?;
    daemon.says_times("waiting for a family", 1)?;
    daemon.stop()
}

fn unknown_bits() -> Result<()> {
    let _e1000 = E1000::load()?;
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
