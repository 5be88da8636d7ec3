//! The kernel's own generic netlink client, unmodified, with nothing but the spec: proof
//! by code that nobody here wrote.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::case::{Case, Machine, Mode};
use crate::driver::Driver;
use crate::monitor::joined_a_group;
use crate::{tool, wait};

const CLIENT: &str = "/usr/src/linux/tools/net/ynl/pyynl/cli.py";
const SPEC: &str = "/usr/share/irqcast/irqcast.yaml";

pub fn cases() -> Vec<Case> {
    [
        (
            "ynl::lists_devices_and_counters",
            lists_devices as fn() -> Result<()>,
        ),
        (
            "ynl::makes_the_device_interrupt",
            makes_the_device_interrupt,
        ),
        ("ynl::subscribes_to_events", subscribes_to_events),
        ("ynl::shows_the_reason_of_a_refusal", shows_the_reason),
    ]
    .into_iter()
    .map(|(name, body)| {
        Case::new(name, body).within(300).on(Machine {
            layers: vec!["python"],
            ..Machine::default()
        })
    })
    .collect()
}

fn client() -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-u", CLIENT, "--spec", SPEC, "--no-schema", "--output-json"]);
    command
}

fn ask(arguments: &[&str]) -> Result<Output> {
    client()
        .args(arguments)
        .output()
        .context("failed to run the kernel's YNL client")
}

fn reply(arguments: &[&str]) -> Result<Value> {
    let output = ask(arguments)?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.success(),
        "YNL {arguments:?} failed:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
}

fn lists_devices() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    tool::json(&["raise", "--device", "1", "--count", "3"])?;
    let all = reply(&["--dump", "device-get"])?;
    let all = all.as_array().context("the dump is no list")?;
    ensure!(all.len() == 2, "{all:?}");
    let one = reply(&["--do", "device-get", "--json", r#"{"device":1}"#])?;
    ensure!(one["address"] == Driver::bound()?[1], "{one}");
    ensure!(one["interrupt-mode"] == "msi", "{one}");
    ensure!(one["interrupts"] == 3 && one["events-sent"] == 3, "{one}");
    ensure!(
        one == all[1],
        "the dump says {}, the request says {one}",
        all[1]
    );
    Ok(())
}

fn makes_the_device_interrupt() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    for (operation, request) in [
        ("raise", r#"{"device":0,"bits":6}"#),
        ("factorial", r#"{"device":0,"argument":6}"#),
        ("dma", r#"{"device":0,"bytes":100}"#),
    ] {
        let before = tool::counter(&tool::device(0)?, "interrupts")?;
        reply(&["--do", operation, "--json", request])?;
        wait::until("the interrupt", || {
            let now = tool::counter(&tool::device(0)?, "interrupts")?;
            Ok((now == before + 1).then_some(()))
        })?;
    }
    Ok(())
}

fn subscribes_to_events() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut listener = Listener::start()?;
    tool::json(&["raise", "--device", "0", "--bits", "0x30", "--count", "20"])?;
    tool::json(&["factorial", "5", "--device", "1"])?;
    tool::json(&["dma", "77", "--device", "1"])?;
    for seq in 1u64..=20 {
        let event = listener.next()?;
        ensure!(event["seq"] == seq && event["device"] == 0, "{event}");
        ensure!(event["address"] == Driver::bound()?[0], "{event}");
        ensure!(
            event["time-ns"].as_u64().is_some_and(|time| time > 0),
            "{event}"
        );
    }
    let factorial = listener.next()?;
    ensure!(
        factorial["factorial"] == 120 && factorial["device"] == 1,
        "{factorial}"
    );
    let dma = listener.next()?;
    ensure!(dma["dma-bytes"] == 77 && dma["seq"] == 2, "{dma}");
    Ok(())
}

fn shows_the_reason() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let output = ask(&["--do", "raise", "--json", r#"{"device":9,"bits":1}"#])?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    ensure!(
        !output.status.success(),
        "a raise on no such device succeeded: {said}"
    );
    ensure!(said.contains("No such device"), "{said}");
    ensure!(
        said.contains("bad-attr") && said.contains("device"),
        "{said}"
    );
    Ok(())
}

/// The client as a subscriber.
struct Listener {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Listener {
    fn start() -> Result<Self> {
        let mut child = client()
            .args(["--subscribe", "events", "--duration", "600"])
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to run the kernel's YNL client")?;
        let output = child.stdout.take().context("the client has no output")?;
        let listener = Self {
            child,
            lines: BufReader::new(output).lines(),
        };
        wait::until("the client to join the group", || {
            Ok(joined_a_group(listener.child.id())?.then_some(()))
        })?;
        Ok(listener)
    }

    /// The attributes of the next event.
    fn next(&mut self) -> Result<Value> {
        let line = self.lines.next().context("the client ended")??;
        let message: Value =
            serde_json::from_str(&line).with_context(|| format!("no JSON: {line}"))?;
        ensure!(message["name"] == "event-ntf", "{message}");
        Ok(message["msg"].clone())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Both fail only where the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
