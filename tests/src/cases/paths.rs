//! Delivery paths are switched on and off while the device works.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::{Genl, op, request, u32_attribute};
use crate::{tool, wait};

const ALL: [&str; 6] = [
    "netlink-multicast",
    "netlink-unicast",
    "chardev",
    "signal",
    "eventfd",
    "sysfs",
];

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("paths::all_are_on_at_first", all_are_on),
        Case::new("paths::parameter_says_which_are_on", parameter),
        Case::new("paths::switched_off_is_silent_and_counted", switched_off),
        Case::new("paths::wrong_requests_change_nothing", wrong_requests),
        Case::new("paths::payload_is_carried", payload),
    ]
}

fn all_are_on() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let device = tool::device(0)?;
    ensure!(device["paths"] == json!(ALL), "{device}");
    ensure!(tool::counter(&device, "history")? == 4096, "{device}");
    Ok(())
}

fn parameter() -> Result<()> {
    for (parameter, names) in [("paths=0", &[][..]), ("paths=5", &[ALL[0], ALL[2]])] {
        let driver = Driver::load_with(&format!("{parameter} history=100"))?;
        let device = tool::device(1)?;
        ensure!(device["paths"] == json!(names), "{parameter}: {device}");
        ensure!(tool::counter(&device, "history")? == 128, "{device}");
        driver.unload()?;
    }
    Ok(())
}

/// What is not sent keeps its sequence number, so the listener knows that something is missing.
fn switched_off() -> Result<()> {
    const SILENT: u64 = 3;
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    ensure!(genl.interrupt(0, 1)?.seq == 1);
    tool::json(&["set", "--device", "0", "--paths", "sysfs,chardev"])?;
    for silent in 1..=SILENT {
        genl.raise(0, 1)?;
        // Not merged with the next.
        wait::until("the interrupt", || {
            let interrupts = tool::counter(&tool::device(0)?, "interrupts")?;
            Ok((interrupts == silent + 1).then_some(()))
        })?;
    }
    let device = tool::device(0)?;
    ensure!(device["paths"] == json!([ALL[2], ALL[5]]), "{device}");
    tool::until_counter(0, "switched_off", SILENT)?;
    ensure!(
        tool::device(1)?["paths"] == json!(ALL),
        "the other device was switched too"
    );
    tool::json(&["set", "--paths", "all"])?;
    let event = genl.interrupt(0, 1)?;
    ensure!(event.seq == SILENT + 2, "{event:?}");
    Ok(())
}

fn wrong_requests() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    let device = u32_attribute(request::DEVICE, 0);
    for (paths, errno) in [
        (u32_attribute(request::PATHS, 64), nix::libc::ERANGE),
        (u32_attribute(request::BITS, 1), nix::libc::EINVAL),
        (Vec::new(), nix::libc::EINVAL),
    ] {
        let payload = [device.clone(), paths].concat();
        let answer = genl.request(op::DEVICE_SET, 0, &payload)?;
        ensure!(answer.errno == errno, "{payload:?}: {answer:?}");
    }
    let nobody = [
        u32_attribute(request::DEVICE, 9),
        u32_attribute(request::PATHS, 0),
    ];
    let answer = genl.request(op::DEVICE_SET, 0, &nobody.concat())?;
    ensure!(answer.errno == nix::libc::ENODEV, "{answer:?}");
    all_are_on_still()
}

fn all_are_on_still() -> Result<()> {
    let device = tool::device(0)?;
    ensure!(device["paths"] == json!(ALL), "{device}");
    Ok(())
}

fn payload() -> Result<()> {
    for (parameter, bytes) in [("", 0), ("payload=1", 1), ("payload=4032", 4032)] {
        let driver = Driver::load_with(parameter)?;
        let mut genl = Genl::open()?;
        genl.join()?;
        let event = genl.interrupt(0, 1)?;
        ensure!(event.payload == bytes, "{parameter}: {event:?}");
        driver.unload()?;
    }
    Ok(())
}
