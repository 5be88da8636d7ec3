//! Each trap and each hazard that the documentation tells of is shown by a test that exists.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, ensure};
use irqcast_tests::table::tables;

use super::{super::list, Context};
use crate::{mutants, presentation::docs};

/// Documents, and the headers of their tables whose last column names tests.
const TABLES: [(&str, [&str; 3]); 2] = [
    (docs::DOCUMENT, ["path", "trap", "test"]),
    (mutants::DOCUMENT, mutants::HEADER),
];

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("tests of the documented traps and hazards");
    let cases = list::cases(context.setup.userland())?;
    let tests: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    for (document, header) in TABLES {
        let path = context.setup.workspace().root.join(document);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let table = tables(&text)
            .into_iter()
            .find(|table| table.header == header)
            .with_context(|| format!("{document} has no table {header:?}"))?;
        let missing: Vec<&str> = table
            .rows
            .iter()
            .map(|row| row[2].trim_matches('`'))
            .filter(|name| !tests.contains(name))
            .collect();
        ensure!(
            missing.is_empty(),
            "{document} names tests that do not exist: {missing:?}"
        );
        ensure!(!table.rows.is_empty(), "{document}: {header:?} is empty");
    }
    step.finish("");
    Ok(())
}
