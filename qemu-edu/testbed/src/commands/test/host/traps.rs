//! Each trap that docs/comparison.md warns of is shown by a test that exists.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, ensure};
use irqcast_tests::table::tables;

use super::{super::list, Context};
use crate::presentation::docs;

/// Header of the table of traps.
const HEADER: [&str; 3] = ["path", "trap", "test"];

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("tests of the documented traps");
    let path = context.setup.workspace().root.join(docs::DOCUMENT);
    let text =
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let table = tables(&text)
        .into_iter()
        .find(|table| table.header == HEADER)
        .with_context(|| format!("{} has no table of traps", path.display()))?;
    let cases = list::cases(context.setup.userland())?;
    let tests: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let missing: Vec<&str> = table
        .rows
        .iter()
        .map(|row| row[2].trim_matches('`'))
        .filter(|name| !tests.contains(name))
        .collect();
    ensure!(missing.is_empty(), "there are no such tests: {missing:?}");
    ensure!(!table.rows.is_empty(), "the table of traps is empty");
    step.finish("");
    Ok(())
}
