//! The pages that `cargo testbed doc` makes: links, items without a word, and the example.

use std::fs;

use anyhow::{Context as _, ensure};

use super::Context;
use crate::rustdoc;

/// What drivers use of the core, as files among the pages of the module that they name.
const USED: [&str; 4] = [
    "trait.Device.html",
    "trait.EventData.html",
    "fn.family.html",
    "macro.module.html",
];

/// What the example has in it, and nothing else.
const EXAMPLE: &str = "irqcast_example-";

/// Makes them, and looks for what a driver uses.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("failed to create a temporary folder")?;
    let start = rustdoc::make(
        context.setup,
        context.kernel,
        &context.options.series,
        folder.path(),
        context.ui,
    )?;
    let page = fs::read_to_string(&start)
        .with_context(|| format!("failed to read {}", start.display()))?;
    for name in USED {
        ensure!(
            page.contains(name),
            "the page of the core has no link to {name}"
        );
    }
    ensure!(
        page.contains(EXAMPLE),
        "the page of the core has no example"
    );
    Ok(())
}
