//! The programs that run in the guest, linked statically.

use std::{ffi::OsString, process::Command};

use super::{run, workspace::Workspace};
use crate::{prepared::Userland, ui::Ui};

/// The packages that run in the guest.
const PACKAGES: [&str; 5] = [
    "irqcastd",
    "irqcastctl",
    "irqcast-guest",
    "irqcast-tests",
    "irqcast-bench",
];

/// What the guest runs.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Name of the profile in the workspace's Cargo.toml.
const PROFILE: &str = "guest";

/// Builds the programs; cargo itself knows whether there is anything to do.
pub fn build(workspace: &Workspace, ui: &Ui) -> anyhow::Result<Userland> {
    let target = workspace.root.join("target/guest");
    let folder = target.join(TARGET).join(PROFILE);
    let userland = Userland {
        init: folder.join("init"),
        irqcastd: folder.join("irqcastd"),
        irqcastctl: folder.join("irqcastctl"),
        e2e: folder.join("irqcast-e2e"),
        bench: folder.join("irqcast-bench"),
        bench_hook: folder.join("irqcast-bench-hook"),
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(&workspace.root);
    command
        .args([
            "build",
            "--profile",
            PROFILE,
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target);
    for package in PACKAGES {
        command.args(["--package", package]);
    }
    // Flags from the environment would replace the one that makes the programs static.
    command
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    command.env(
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        "-C target-feature=+crt-static",
    );
    let step = ui.quiet_step("programs for the guest");
    run::run(ui, &step, "cargo build", command, |line| {
        step.message(line.trim())
    })?;
    step.finish("");
    Ok(userland)
}
