//! `irqcastctl` against the real driver.

use anyhow::{Result, ensure};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::monitor::Monitor;
use crate::tool;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("tool::acts_on_all_devices_unless_told", acts_on_all_devices),
        Case::new("tool::raise_sends_each_after_the_last", raise_counts).within(1800),
        Case::new(
            "tool::factorial_prints_the_result",
            factorial_prints_the_result,
        ),
        Case::new("tool::dma_prints_the_length", dma_prints_the_length),
        Case::new("tool::monitor_prints_json_lines", monitor_prints_json_lines),
        Case::new("tool::no_such_device_is_an_error", no_such_device),
        Case::new("tool::out_of_range_is_an_error", out_of_range),
        Case::new("tool::without_driver_says_so", without_driver),
    ]
}

fn acts_on_all_devices() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut devices: Vec<_> = tool::json(&["raise", "--bits", "0x10"])?
        .iter()
        .map(|event| (event["device"].as_u64(), event["cause"].as_u64()))
        .collect();
    devices.sort_unstable();
    ensure!(
        devices == [(Some(0), Some(0x10)), (Some(1), Some(0x10))],
        "{devices:?}"
    );
    let one = tool::json(&["raise", "--device", "1"])?;
    ensure!(one.len() == 1 && one[0]["device"] == 1, "{one:?}");
    Ok(())
}

/// Ten thousand, one after the other, none missing or twice.
fn raise_counts() -> Result<()> {
    const COUNT: u64 = 10_000;
    let _driver = Driver::load(Mode::Msi)?;
    let events = tool::json(&["raise", "--device", "0", "--count", &COUNT.to_string()])?;
    let sequence: Vec<u64> = events
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    ensure!(
        sequence.iter().copied().eq(1..=COUNT),
        "{} events came",
        sequence.len()
    );
    Ok(())
}

fn factorial_prints_the_result() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let events = tool::json(&["factorial", "10", "--device", "0"])?;
    ensure!(
        events.len() == 1 && events[0]["factorial"] == 3_628_800,
        "{events:?}"
    );
    ensure!(events[0]["replayed"] == false, "{events:?}");
    Ok(())
}

fn dma_prints_the_length() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let events = tool::json(&["dma", "4096", "--device", "1"])?;
    ensure!(
        events.len() == 1 && events[0]["dma_bytes"] == 4096,
        "{events:?}"
    );
    ensure!(events[0]["device"] == 1, "{events:?}");
    Ok(())
}

fn monitor_prints_json_lines() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut monitor = Monitor::start_with(&["--device", "1", "--count", "2"])?;
    for _ in 0..2 {
        tool::json(&["raise", "--bits", "0x20"])?;
    }
    for (line, seq) in monitor.take(2)?.iter().zip(1u64..) {
        ensure!(
            line["device"] == 1 && line["seq"] == seq && line["cause"] == 0x20,
            "{line}"
        );
        ensure!(
            line["time_ns"].is_u64() && line["replayed"] == false,
            "{line}"
        );
        ensure!(line["address"] == Driver::bound()?[1], "{line}");
    }
    Ok(())
}

fn no_such_device() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    fails_and_says(&["raise", "--device", "7"], &["7"])
}

fn out_of_range() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    fails_and_says(&["dma", "4097"], &["4097", "4096"])?;
    fails_and_says(&["dma", "0"], &["0", "1"])?;
    fails_and_says(&["factorial", "1048577"], &["1048576"])?;
    fails_and_says(&["raise", "--bits", "0"], &["bits"])
}

fn without_driver() -> Result<()> {
    for command in [
        &["list"][..],
        &["raise"],
        &["monitor", "--count", "1"],
        &["dma", "1"],
    ] {
        fails_and_says(command, &["driver", "irqcast_edu"])?;
    }
    Ok(())
}

fn fails_and_says(arguments: &[&str], parts: &[&str]) -> Result<()> {
    let output = tool::output(arguments)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        !output.status.success(),
        "irqcastctl {arguments:?} succeeded"
    );
    for part in parts {
        ensure!(
            said.contains(part),
            "irqcastctl {arguments:?} does not say {part:?}: {said}"
        );
    }
    Ok(())
}
