//! Plugging edu devices in and out while a guest runs.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::running::Vm;

/// How long a guest may take to let a device go. By ACPI it takes 0.1 s.
const LIMIT: Duration = Duration::from_secs(60);

/// How long to wait between two looks whether it has.
const STEP: Duration = Duration::from_millis(5);

/// Where QEMU lists the devices that have a name.
const DEVICES: &str = "/machine/peripheral";

impl Vm {
    /// Plugs an edu device into `port`, a root port of the machine. The guest hears of it.
    pub fn plug(&mut self, id: &str, port: &str) -> anyhow::Result<()> {
        let device = json!({ "driver": "edu", "id": id, "bus": port });
        self.qmp.execute("device_add", device)?;
        Ok(())
    }

    /// Asks the guest to let a device go, and waits until it has.
    ///
    /// The device must not compute a factorial: QEMU waits for ever for a thread that waits for
    /// QEMU.
    pub fn unplug(&mut self, id: &str) -> anyhow::Result<()> {
        self.qmp.execute("device_del", json!({ "id": id }))?;
        let start = Instant::now();
        while self.has(id)? {
            if start.elapsed() > LIMIT {
                bail!(
                    "the guest has kept the device {id} for {} s",
                    LIMIT.as_secs()
                );
            }
            thread::sleep(STEP);
        }
        Ok(())
    }

    fn has(&mut self, id: &str) -> anyhow::Result<bool> {
        let devices = self.qmp.execute("qom-list", json!({ "path": DEVICES }))?;
        let devices = devices.as_array().context("QEMU lists no devices")?;
        Ok(devices.iter().any(|device| device["name"] == id))
    }
}
