//! A driver of one's own, and the device that QEMU has for it.

use std::path::PathBuf;

use clap::Args;

use crate::vm::Machine;

/// Which driver a guest loads, and which device it has for it.
#[derive(Debug, Clone, Default, Args)]
pub struct DriverArgs {
    /// Folder of a driver on irqcast's core, as `new` makes it, to load instead of edu's
    #[arg(long, value_name = "DIR")]
    pub driver: Option<PathBuf>,

    /// PCI device of QEMU in place of edu, with its properties: NAME[,PROPERTY=VALUE]…; may be given several times
    #[arg(long, value_name = "DEVICE", requires = "driver")]
    pub qemu_device: Vec<String>,
}

impl DriverArgs {
    /// The machine with the devices that were asked for. Where there are such, it has as many edu
    /// devices as `edu` says, or none; otherwise that number, or one.
    pub fn machine(&self, edu: Option<u8>) -> Machine {
        Machine {
            devices: edu.unwrap_or(u8::from(self.qemu_device.is_empty())),
            extra: self
                .qemu_device
                .iter()
                .map(|device| without_firmware(device))
                .collect(),
            ..Machine::default()
        }
    }
}

/// The device without a boot ROM, unless it is given one: QEMU does not start where a file is missing, and
/// no guest boots from a device.
fn without_firmware(device: &str) -> String {
    match device.contains(",romfile=") {
        true => device.to_owned(),
        false => format!("{device},romfile="),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_take_the_place_of_edu() {
        let args = |devices: &[&str]| DriverArgs {
            driver: Some("card".into()),
            qemu_device: devices.iter().map(|device| (*device).to_owned()).collect(),
        };
        let machine = args(&["e1000", "igb,romfile=x"]).machine(None);
        assert_eq!(machine.devices, 0);
        assert_eq!(machine.extra, ["e1000,romfile=", "igb,romfile=x"]);
        assert_eq!(args(&["e1000"]).machine(Some(2)).devices, 2);
        assert_eq!(args(&[]).machine(None).devices, 1);
        assert_eq!(args(&[]).machine(Some(0)).devices, 0);
    }
}
