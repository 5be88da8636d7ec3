//! The wire contract: does the YNL spec validate against the kernel's own schema?

use super::Context;
use crate::{
    namespace::{self, Mount},
    setup,
};

/// Validates one YAML file against another, and prints each fault with its place.
const VALIDATE: &str = include_str!("validate.py");

/// Where the driver's spec folder is seen in the build root.
const SPEC: &str = "/usr/src/spec";

/// Where the kernel's source is seen in the build root.
const SOURCE: &str = "/usr/src/linux";

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("spec against the kernel's schema");
    let mounts = [
        Mount::read(context.setup.workspace().driver().join("spec"), SPEC),
        Mount::read(&context.kernel.built.source, SOURCE),
    ];
    let mut command = namespace::inside(&context.setup.root().tree, &mounts, "python3");
    command.args(["-c", VALIDATE]);
    command.arg(format!("{SOURCE}/Documentation/netlink/genetlink.yaml"));
    command.arg(format!("{SPEC}/irqcast.yaml"));
    setup::run_program(context.ui, &step, "validation", command, |_| {})?;
    step.finish("");
    Ok(())
}
