//! The wire contract, and the specifications that come with the daemon: does each YNL spec validate
//! against the kernel's own schema?

use std::path::Path;

use super::Context;
use crate::{
    namespace::{self, Mount},
    setup,
};

/// Validates one YAML file against another, and prints each fault with its place.
const VALIDATE: &str = include_str!("validate.py");

/// Where the folder of a spec is seen in the build root.
const SPEC: &str = "/usr/src/spec";

/// Where the kernel's source is seen in the build root.
const SOURCE: &str = "/usr/src/linux";

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let driver = context.setup.workspace().driver();
    let contract = driver.join("spec");
    let others = driver.with_file_name("daemon").join("ynl/specs");
    let second = driver.with_file_name("tests").join("e1000/spec");
    for (folder, schema, file) in [
        (&contract, "genetlink.yaml", "irqcast.yaml"),
        (&second, "genetlink.yaml", "irqcast-e1000.yaml"),
        (&others, "genetlink-legacy.yaml", "acpi_event.yaml"),
        (&others, "genetlink-legacy.yaml", "nlctrl.yaml"),
    ] {
        is_valid(context, folder, schema, file)?;
    }
    Ok(())
}

/// Validates a specification against one of the kernel's schemas.
pub(super) fn is_valid(
    context: &Context<'_>,
    folder: &Path,
    schema: &str,
    file: &str,
) -> anyhow::Result<()> {
    let step = context
        .ui
        .step(&format!("{file} against the kernel's schema"));
    let mounts = [
        Mount::read(folder, SPEC),
        Mount::read(&context.kernel.built.source, SOURCE),
    ];
    let mut command = namespace::inside(&context.setup.root().tree, &mounts, "python3");
    command.args(["-c", VALIDATE]);
    command.arg(format!("{SOURCE}/Documentation/netlink/{schema}"));
    command.arg(format!("{SPEC}/{file}"));
    setup::run_program(context.ui, &step, "validation", command, |_| {})?;
    step.finish("");
    Ok(())
}
