//! Each hazard has a patch that takes its answer away, and each of these patches still fits.
//! Whether the tests then fail, `cargo testbed soak mutants` shows.

use std::collections::BTreeSet;

use anyhow::ensure;

use super::Context;
use crate::mutants::{self, DOCUMENT};

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("patches that take answers away");
    let workspace = context.setup.workspace();
    let hazards = mutants::tests_of_hazards(workspace)?;
    let mutants = mutants::all(workspace)?;
    let mut shown = BTreeSet::new();
    for mutant in &mutants {
        mutant.changes(&workspace.root)?;
        for test in &mutant.tests {
            ensure!(
                hazards.contains(test),
                "tests/mutants/{}.patch names {test}, which no row of the hazards in {DOCUMENT} does",
                mutant.name
            );
            shown.insert(test);
        }
    }
    let without: Vec<_> = hazards
        .iter()
        .filter(|test| !shown.contains(test))
        .collect();
    ensure!(
        without.is_empty(),
        "no patch in tests/mutants takes away what these tests are for: {without:?}"
    );
    step.finish(&format!("{} patches", mutants.len()));
    Ok(())
}
