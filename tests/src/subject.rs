//! The drivers under test, which are made on the same core: what a test has to know of each, so that it can
//! run with any of them.

use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use irqcast::Subscription;
use irqcast_bench::device::Registers;
use irqcast_bench::plan::Raise;
use serde_json::Value;

use crate::case::Mode;
use crate::driver::{self, Driver};
use crate::monitor::Monitor;
use crate::node::Node;
use crate::raw::Genl;
use crate::tool;

/// A driver, and QEMU's device that it is for.
#[derive(Debug)]
pub struct Subject {
    /// What the names of tests with it begin with.
    pub prefix: &'static str,
    /// Name of the module and of the PCI driver.
    pub module: &'static str,
    /// The module's file in the guest.
    pub file: &'static str,
    /// Name of its generic netlink family.
    pub family: &'static str,
    /// What the paths of its devices' nodes begin with. The instance number follows.
    pub node: &'static str,
    /// Vendor and device ID, as sysfs writes them.
    pub ids: [&'static str; 2],
    /// The register that raises the bits that are written, and one that means nothing to the device.
    pub raise: Raise,
    /// How QEMU's device can interrupt.
    pub modes: &'static [Mode],
}

/// QEMU's edu device.
pub static EDU: Subject = Subject {
    prefix: "",
    module: "irqcast_edu",
    file: "/lib/irqcast/irqcast_edu.ko",
    family: "irqcast",
    node: "/dev/irqcast",
    ids: ["0x1234", "0x11e8"],
    raise: Raise {
        bar: 0,
        offset: 0x60,
        value: 0x10,
    },
    modes: &Mode::BOTH,
};

/// Intel's network card, which has no MSI.
pub static E1000: Subject = Subject {
    prefix: "e1000::",
    module: "irqcast_e1000",
    file: "/lib/irqcast/irqcast_e1000.ko",
    family: "irqcast-e1000",
    node: "/dev/irqcast_e1000-",
    ids: ["0x8086", "0x100e"],
    raise: Raise {
        bar: 0,
        offset: 0xc8,
        value: 0x10,
    },
    modes: &[Mode::Intx],
};

/// All of them.
pub static ALL: [&Subject; 2] = [&EDU, &E1000];

impl Subject {
    /// Loads the driver so that its devices interrupt by `mode`.
    pub fn load(&'static self, mode: Mode) -> Result<Driver> {
        Driver::load_of(self, mode.parameter())
    }

    /// Loads the driver so that its devices interrupt by `mode`, with further module parameters.
    pub fn load_with(&'static self, mode: Mode, parameters: &str) -> Result<Driver> {
        Driver::load_of(self, &format!("{} {parameters}", mode.parameter()))
    }

    /// Speaks to the driver byte by byte.
    pub fn genl(&self) -> Result<Genl> {
        Genl::open_family(self.family)
    }

    /// Listens to the driver through the library, with a queue of this many bytes.
    pub fn subscription(&self, queue: usize) -> Result<Subscription> {
        Ok(Subscription::open_family(self.family.parse()?, queue)?)
    }

    /// Listens to the driver with `irqcastctl monitor`.
    pub fn monitor(&self) -> Result<Monitor> {
        Monitor::start_with(&["--family", self.family])
    }

    /// What `irqcastctl --json` prints, which must succeed.
    pub fn tool(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        tool::json(&[arguments, &["--family", self.family]].concat())
    }

    /// A device as `irqcastctl list` shows it.
    pub fn device(&self, instance: u64) -> Result<Value> {
        self.tool(&["list"])?
            .into_iter()
            .find(|device| device["device"] == instance)
            .with_context(|| format!("list does not show device {instance}"))
    }

    /// Opens the node of a device, to wait where there is nothing to read.
    pub fn node(&self, instance: u32) -> io::Result<Node> {
        Node::open_path(&format!("{}{instance}", self.node), 0)
    }

    /// The registers of one of its devices. The guest has to be booted with `iomem=relaxed`.
    pub fn registers(&self) -> Result<Registers> {
        let [vendor, device] = self.ids;
        let address = driver::find_device(vendor, device)?;
        let folder = Path::new("/sys/bus/pci/devices").join(address);
        Registers::map(
            &folder.join(format!("resource{}", self.raise.bar)),
            self.raise,
        )
    }
}
