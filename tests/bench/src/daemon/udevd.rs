//! systemd-udevd: `RUN+=` on a `change` uevent of the device, beside the rules of its package.

use std::fs;

use anyhow::{Context as _, Result};
use irqcast_bench::device::Device;

use super::{Running, hooks::HOOK, maker::Written, process::Process};

const PROGRAM: &str = "/usr/lib/systemd/systemd-udevd";

const RULES: &str = "/etc/udev/rules.d/90-irqcast-bench.rules";

/// Starts it.
pub fn start(device: &Device) -> Result<Running> {
    let rule = |mode: &str| {
        format!(
            "ACTION==\"change\", SUBSYSTEM==\"pci\", ENV{{SYNTH_ARG_MODE}}==\"{mode}\", \
             RUN+=\"{HOOK} {mode}\"\n"
        )
    };
    fs::create_dir_all("/etc/udev/rules.d")
        .and_then(|()| fs::write(RULES, rule("run") + &rule("sleep")))
        .with_context(|| format!("failed to write {RULES}"))?;
    let maker = Written::uevents(device)?;
    Ok((Process::start(PROGRAM, &[])?, Box::new(maker)))
}
