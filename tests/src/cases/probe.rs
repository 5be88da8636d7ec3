//! What the driver binds to, and what it refuses.

use anyhow::{Result, ensure};

use crate::case::{Case, Machine, Mode};
use crate::driver::{Driver, find_device, interrupt_line};
use crate::kernel_log::KernelLog;
use crate::tool;

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("probe", "binds_every_device", binds_every_device);
    cases.extend([
        Case::new("probe::intx::devices_share_a_line", devices_share_a_line),
        Case::new("probe::falls_back_to_intx_without_msi", falls_back_to_intx).on(Machine {
            append: "pci=nomsi",
            ..Machine::default()
        }),
        Case::new(
            "probe::refuses_a_device_that_is_not_edu",
            refuses_another_device,
        )
        .on(Machine {
            extra: vec!["e1000"],
            ..Machine::default()
        })
        .provoking(&["identification"]),
        Case::new("probe::module_describes_itself", module_describes_itself),
    ]);
    cases
}

fn binds_every_device(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let bound = Driver::bound()?;
    ensure!(bound.len() == 2, "bound to {bound:?}");
    let listed = tool::json(&["list"])?;
    ensure!(listed.len() == 2, "{listed:?}");
    for (instance, (device, address)) in listed.iter().zip(&bound).enumerate() {
        ensure!(device["device"] == instance, "{device}");
        ensure!(device["address"] == *address, "{device}");
        ensure!(device["interrupt_mode"] == mode.to_string(), "{device}");
        ensure!(tool::counter(device, "interrupts")? == 0, "{device}");
    }
    Ok(())
}

fn devices_share_a_line() -> Result<()> {
    let _driver = Driver::load(Mode::Intx)?;
    let lines = Driver::bound()?
        .iter()
        .map(|address| interrupt_line(address))
        .collect::<Result<Vec<_>>>()?;
    ensure!(
        lines[0] == lines[1],
        "the devices are on the lines {lines:?}"
    );
    Ok(())
}

fn falls_back_to_intx() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let device = tool::device(0)?;
    ensure!(device["interrupt_mode"] == "intx", "{device}");
    let events = tool::json(&["raise", "--device", "0"])?;
    ensure!(events.len() == 1 && events[0]["seq"] == 1, "{events:?}");
    Ok(())
}

fn refuses_another_device() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut log = KernelLog::from_now()?;
    let before = Driver::bound()?;
    ensure!(
        Driver::force(&find_device("0x8086", "0x100e")?).is_err(),
        "the driver took a device that is not its own"
    );
    ensure!(
        Driver::bound()? == before,
        "bound to {:?}",
        Driver::bound()?
    );
    ensure!(
        log.contains("identification")?,
        "the log does not say that the identification register is wrong"
    );
    let events = tool::json(&["raise", "--device", "0"])?;
    ensure!(
        events.len() == 1,
        "the real devices no longer work: {events:?}"
    );
    Ok(())
}

fn module_describes_itself() -> Result<()> {
    let module = std::fs::read("/lib/irqcast/irqcast_edu.ko")?;
    let text = String::from_utf8_lossy(&module);
    for field in [
        "license=GPL",
        "description=",
        "author=",
        "parm=msi:",
        "parmtype=msi:",
    ] {
        ensure!(text.contains(field), "the module has no {field:?}");
    }
    Ok(())
}
