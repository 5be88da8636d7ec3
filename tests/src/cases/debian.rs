//! Life on a real Debian system: systemd and udev, and the packages as people install them.

mod boot;
mod devices;
mod drop_ins;
mod page;
mod people;
mod power;
mod removal;
mod service;

use crate::case::{Case, Guest, Machine};

/// Instance number and address of the device that is there from the start.
const FIXED: (u64, &str) = (0, "0000:00:02.0");

/// The device behind a root port, and what QEMU calls it and the port.
const PLUGGED: (u64, &str) = (1, "0000:01:00.0");
const PLUGGED_NAME: &str = "edu0";
const PORT: &str = "port0";

/// Two devices, one of which can be unplugged.
fn machine() -> Machine {
    Machine {
        guest: Guest::Debian,
        devices: 1,
        extra: vec!["pcie-root-port,id=port0,chassis=1", "edu,id=edu0,bus=port0"],
        layers: vec!["packages"],
        ..Machine::default()
    }
}

/// The order counts: first the system as it boots, last the package's removal.
pub fn cases() -> Vec<Case> {
    [
        boot::cases(),
        service::cases(),
        devices::cases(),
        people::cases(),
        drop_ins::cases(),
        power::cases(),
        page::cases(),
        removal::cases(),
    ]
    .into_iter()
    .flatten()
    .map(|case| case.on(machine()).only_on(&["stock"]).within(300))
    .collect()
}
