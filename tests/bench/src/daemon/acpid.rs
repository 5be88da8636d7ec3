//! acpid, on messages of the family `acpi_event`.

use std::{fs, os::unix::fs::symlink, path::Path};

use anyhow::{Context as _, Result};
use irqcast_bench::device::Device;

use super::{Running, hooks::HOOK, maker::Written, process::Process};

/// The folder of its rules.
const RULES: &str = "/etc/acpi/events";

/// Starts it.
pub fn start(_: &Device) -> Result<Running> {
    let write = |class: &str, mode: &str| {
        // `%e` is the event: class, number, and two numbers that are 0 here.
        let rule = format!("event={class} .*\naction={HOOK} {mode} %e\n");
        fs::write(format!("{RULES}/{class}"), rule)
    };
    fs::create_dir_all(RULES)
        .and_then(|()| write("irqcast", "run"))
        .and_then(|()| write("irqcast-sleep", "sleep"))
        .with_context(|| format!("failed to write a rule in {RULES}"))?;
    // Its socket is there; a guest lacks the link that Debian has.
    if !Path::new("/var/run").exists() {
        fs::create_dir_all("/var")
            .and_then(|()| symlink("/run", "/var/run"))
            .context("failed to make /var/run")?;
    }
    let maker = Written::acpi_events()?;
    let process = Process::start("/usr/sbin/acpid", &["-f", "-n", "-c", RULES])?;
    Ok((process, Box::new(maker)))
}
