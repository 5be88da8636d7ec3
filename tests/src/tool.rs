//! `irqcastctl` as a script would use it: run, judge status, read JSON lines.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::wait;

const PROGRAM: &str = "/bin/irqcastctl";

/// Runs `irqcastctl` and returns what it did, whatever that was.
pub fn output(arguments: &[&str]) -> Result<Output> {
    Command::new(PROGRAM)
        .args(arguments)
        .output()
        .with_context(|| format!("failed to run {PROGRAM}"))
}

/// Runs `irqcastctl --json`, which must succeed, and returns the objects that it printed.
pub fn json(arguments: &[&str]) -> Result<Vec<Value>> {
    let arguments = [arguments, &["--json"]].concat();
    let output = output(&arguments)?;
    let stdout = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.success(),
        "irqcastctl {} ended with {}\n{stdout}{}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("no JSON: {line}")))
        .collect()
}

/// A device as `list` shows it.
pub fn device(instance: u64) -> Result<Value> {
    json(&["list"])?
        .into_iter()
        .find(|device| device["device"] == instance)
        .with_context(|| format!("list does not show device {instance}"))
}

/// A number in what `list` shows of a device.
pub fn counter(device: &Value, name: &str) -> Result<u64> {
    device[name]
        .as_u64()
        .with_context(|| format!("{device} has no number {name}"))
}

/// Waits until a number in what `list` shows of a device has this value, and fails when it
/// goes beyond it. The handler counts after it has told.
pub fn until_counter(instance: u64, name: &str, value: u64) -> Result<()> {
    wait::until(name, || {
        let device = device(instance)?;
        let found = counter(&device, name)?;
        ensure!(found <= value, "{name} is {found}, not {value}: {device}");
        Ok((found == value).then_some(()))
    })
}

/// Raises on device 0, each time after the event before.
pub fn raise(count: u64) -> Result<()> {
    json(&["raise", "--device", "0", "--count", &count.to_string()]).map(drop)
}
