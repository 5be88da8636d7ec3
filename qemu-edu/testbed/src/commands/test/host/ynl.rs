//! The decoder of the library `irqcast-ynl` against the kernel's own client, unmodified: every
//! specification of a generic netlink family that the kernel ships is read, and both decode
//! the same messages by it.

mod messages;

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, ensure};
use irqcast_ynl::{Spec, decode};
use serde_json::json;

use super::Context;
use crate::{
    namespace::{self, Mount},
    setup,
};

/// Decodes each message by the kernel's client, and prints where it says something else.
const COMPARE: &str = include_str!("ynl/compare.py");

/// Where the kernel's source is seen in the build root.
const SOURCE: &str = "/usr/src/linux";

/// Where the messages are seen in the build root.
const MESSAGES: &str = "/usr/src/messages";

/// Folder of the specifications in the kernel's source.
const SPECS: &str = "Documentation/netlink/specs";

/// Messages of each kind.
const EACH: u32 = 8;

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("decoder against the kernel's client");
    let source = &context.kernel.built.source;
    let lines = all_messages(&source.join(SPECS))?;
    let folder = tempfile::tempdir().context("failed to make a folder for the messages")?;
    fs::write(folder.path().join("messages.jsonl"), &lines)
        .context("failed to write the messages")?;
    let mounts = [
        Mount::read(folder.path().to_owned(), MESSAGES),
        Mount::read(source, SOURCE),
    ];
    let mut command = namespace::inside(&context.setup.root().tree, &mounts, "python3");
    command.args(["-c", COMPARE, SOURCE]);
    command.arg(format!("{MESSAGES}/messages.jsonl"));
    setup::run_program(context.ui, &step, "comparison", command, |_| {})?;
    step.finish(&format!("{} messages", lines.lines().count()));
    Ok(())
}

/// A line for each message: specification, command byte, what follows the generic netlink
/// header, and what it was decoded to.
fn all_messages(folder: &Path) -> anyhow::Result<String> {
    let unreadable = || format!("failed to read {}", folder.display());
    let mut lines = String::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        // Families of other protocols than generic netlink.
        if text.lines().any(|line| line == "protocol: netlink-raw") {
            continue;
        }
        let spec = Spec::load(&path)?;
        for (command, operation) in spec.sent_by_kernel() {
            for seed in 1..=EACH {
                let message = messages::message(&spec, operation, seed);
                let decoded = decode(&spec, operation, &message)
                    .with_context(|| format!("{} of {}", operation.name, spec.name))?;
                let hexadecimal: String = message.iter().fold(String::new(), |mut text, byte| {
                    // Writing to a text cannot fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                let line = json!({
                    "spec": path.file_name().and_then(|name| name.to_str()),
                    "command": command,
                    "message": hexadecimal,
                    "decoded": decoded,
                });
                lines += &format!("{line}\n");
            }
        }
    }
    ensure!(
        !lines.is_empty(),
        "{} has no specification",
        folder.display()
    );
    Ok(lines)
}
