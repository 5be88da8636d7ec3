//! busybox's mdev as a daemon (`mdev -d`), on the same uevents as udevd.

use std::fs;

use anyhow::{Context as _, Result};
use irqcast_bench::device::Device;

use super::{Running, hooks::HOOK, maker::Written, process::Process};

const RULES: &str = "/etc/mdev.conf";

/// Starts it.
pub fn start(device: &Device) -> Result<Running> {
    // `*` is for every action.
    let rule = |mode: &str| format!("SYNTH_ARG_MODE={mode};.* root:root 660 *{HOOK} {mode}\n");
    fs::write(RULES, rule("run") + &rule("sleep"))
        .with_context(|| format!("failed to write {RULES}"))?;
    let maker = Written::uevents(device)?;
    Ok((
        Process::start("/usr/bin/busybox", &["mdev", "-df"])?,
        Box::new(maker),
    ))
}
