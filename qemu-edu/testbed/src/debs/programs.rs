//! The programs that are packaged, built by this machine's Rust toolchain and linked in Debian's tree: they
//! need the C library of that release and nothing of this machine.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{
    namespace::{self, Mount},
    process,
    setup::{Workspace, run_program},
    ui::Ui,
};

/// Packages of the workspace, and names of their programs.
pub const PROGRAMS: [&str; 2] = ["irqcastd", "irqcastctl"];

/// Where the toolchain, cargo's folder, the workspace and what is built are seen in the tree. Fixed places,
/// since they are written into the programs.
const TOOLCHAIN: &str = "/usr/local/rust";
const CARGO_HOME: &str = "/usr/local/cargo";
const WORKSPACE: &str = "/usr/src/irqcast";
const TARGET: &str = "/usr/src/target";

/// Returns the folder with the programs; cargo itself knows whether there is anything to do.
pub fn build(workspace: &Workspace, tree: &Path, work: &Path, ui: &Ui) -> anyhow::Result<PathBuf> {
    let step = ui.step("programs for Debian");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    // There is no name service in the tree, so what is to be fetched is fetched outside.
    let mut fetch = Command::new(cargo);
    fetch
        .current_dir(&workspace.root)
        .args(["fetch", "--locked"]);
    run_program(ui, &step, "cargo fetch", fetch, |line| {
        step.message(line.trim())
    })?;
    let target = work.join("cargo");
    super::create(&target)?;
    let mounts = [
        Mount::read(toolchain(workspace)?, TOOLCHAIN),
        // Cargo keeps locks there.
        Mount::write(cargo_home()?, CARGO_HOME),
        Mount::read(&workspace.root, WORKSPACE),
        Mount::write(&target, TARGET),
    ];
    let mut command = namespace::inside(tree, &mounts, format!("{TOOLCHAIN}/bin/cargo"));
    command.args(["build", "--release", "--locked", "--offline"]);
    command.args(["--manifest-path", &format!("{WORKSPACE}/Cargo.toml")]);
    for program in PROGRAMS {
        command.args(["--package", program]);
    }
    command.envs([
        ("CARGO_HOME", CARGO_HOME),
        ("CARGO_TARGET_DIR", TARGET),
        ("RUSTC", &format!("{TOOLCHAIN}/bin/rustc")),
    ]);
    run_program(ui, &step, "cargo build", command, |line| {
        step.message(line.trim())
    })?;
    step.finish("");
    Ok(target.join("release"))
}

/// Folder of the toolchain that this repository is built with.
fn toolchain(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let mut command = Command::new("rustc");
    command
        .current_dir(&workspace.root)
        .args(["--print", "sysroot"]);
    let output = process::output(command)?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    anyhow::ensure!(
        output.status.success() && folder.join("bin/cargo").exists(),
        "the Rust toolchain in {:?} has no cargo of its own; one that rustup installed has",
        folder
    );
    Ok(folder)
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set; set CARGO_HOME to cargo's folder")
}
