//! The checks that need no virtual machine: unit tests, the wire contract, and the driver's
//! formatting, lints and makefile.

mod dkms;
mod doc;
mod driver;
mod in_tree;
mod mutants;
mod packages;
mod page;
mod recipe;
mod size;
mod spec;
mod traps;
mod unit_tests;
mod upstream;
mod ynl;

use std::time::{Duration, Instant};

use crate::{
    cli::{KernelChoice, Options},
    own_driver::OwnDriver,
    process::{self, Interrupted},
    setup::{KernelSetup, ProgramFailed, Setup},
    ui::Ui,
};

/// How a check or test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It went well.
    Passed,
    /// It did not; the text says why.
    Failed(String),
    /// It was left out; the text says why.
    Skipped(String),
}

/// A check or test with its verdict.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name, such as `host::driver-clippy`, or that of a unit test.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took; zero for one of many unit tests, which are not timed one by one.
    pub elapsed: Duration,
}

/// What the checks work with.
struct Context<'a> {
    options: &'a Options,
    setup: &'a Setup,
    kernel: &'a KernelSetup,
    ui: &'a Ui,
}

type Check = fn(&Context<'_>) -> anyhow::Result<()>;

/// Name of the check that stands for all unit tests.
const UNIT_TESTS: &str = "host::unit-tests";

/// The other checks.
const CHECKS: [(&str, Check); 28] = [
    ("host::spec", spec::check),
    ("host::ynl-decoder", ynl::check),
    ("host::page-in-chromium", page::check),
    ("host::traps-have-tests", traps::check),
    ("host::hazards-have-mutants", mutants::check),
    ("host::driver-format", driver::format),
    ("host::driver-clippy", driver::clippy),
    ("host::driver-warnings", driver::warnings),
    ("host::driver-e1000-format", driver::e1000_format),
    ("host::driver-e1000-clippy", driver::e1000_clippy),
    ("host::driver-new", driver::new_driver),
    ("host::driver-e1000-size", size::check),
    ("host::driver-make", driver::make_by_hand),
    ("host::driver-rust-analyzer", driver::rust_analyzer),
    ("host::driver-documentation", doc::check),
    ("host::driver-in-tree", in_tree::check),
    ("host::upstream", upstream::check),
    ("host::ci-recipe", recipe::check),
    ("host::packages-lintian", packages::lintian),
    ("host::packages-udev-rules", packages::rules),
    ("host::packages-unit", packages::unit),
    ("host::packages-sample", packages::sample),
    ("host::packages-purge", packages::purge),
    ("host::packages-reproducible", packages::reproducible),
    ("host::packages-shellcheck", packages::shellcheck),
    ("host::dkms-module", dkms::module),
    ("host::dkms-refusals", dkms::refusals),
    ("host::dkms-other-series", dkms::other_series),
];

/// Names of all checks.
pub fn names() -> Vec<&'static str> {
    std::iter::once(UNIT_TESTS)
        .chain(CHECKS.iter().map(|(name, _)| *name))
        .collect()
}

/// Runs the checks whose name contains `filter`, and the unit tests that it fits: all of them
/// if it is part of [`UNIT_TESTS`], otherwise those whose own name contains it.
///
/// Fails only if the checks could not be run; what they found is in the outcomes.
pub fn run(options: &Options, filter: Option<&str>, ui: &Ui) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let wanted: Vec<_> = CHECKS
        .iter()
        .filter(|(name, _)| filter.is_none_or(|filter| name.contains(filter)))
        .collect();
    let setup = Setup::new(options, ui, false)?;
    let inner = filter.filter(|filter| !UNIT_TESTS.contains(filter));
    // A filter that names other checks fits no unit test.
    if !inner.is_some_and(|filter| filter.starts_with("host::")) {
        outcomes.extend(unit_tests::run(setup.workspace(), inner, ui)?);
    }
    if wanted.is_empty() {
        return Ok(outcomes);
    }
    let kernels = options.kernels(&[KernelChoice::Stock]);
    let kernel = setup.kernel(options, kernels[0], ui)?;
    let context = Context {
        options,
        setup: &setup,
        kernel: &kernel,
        ui,
    };
    for (name, check) in wanted {
        process::check()?;
        let started = Instant::now();
        let verdict = verdict(check(&context))?;
        outcomes.push(Outcome {
            name: (*name).to_owned(),
            verdict,
            elapsed: started.elapsed(),
        });
    }
    Ok(outcomes)
}

/// Runs the checks of a person's own driver whose name contains `filter`.
pub fn run_own(
    options: &Options,
    setup: &Setup,
    kernel: &KernelSetup,
    own: &OwnDriver,
    filter: &str,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let context = Context {
        options,
        setup,
        kernel,
        ui,
    };
    let format = || driver::is_formatted(&context, &own.folder);
    let lints = || driver::build_without_warnings(&context, &own.folder, &["CLIPPY=1", "W=1"]);
    let mut outcomes = Vec::new();
    for (name, check) in [
        ("host::format", &format as &dyn Fn() -> anyhow::Result<()>),
        ("host::lints", &lints),
    ] {
        if name.contains(filter) {
            process::check()?;
            let started = Instant::now();
            outcomes.push(Outcome {
                name: name.to_owned(),
                verdict: verdict(check())?,
                elapsed: started.elapsed(),
            });
        }
    }
    Ok(outcomes)
}

/// Turns a check's error into a verdict, except where the person stopped it.
fn verdict(result: anyhow::Result<()>) -> anyhow::Result<Verdict> {
    match result {
        Ok(()) => Ok(Verdict::Passed),
        Err(error) if error.is::<Interrupted>() => Err(error),
        Err(error) if error.is::<ProgramFailed>() => Ok(Verdict::Failed(error.to_string())),
        Err(error) => Ok(Verdict::Failed(format!("{error:#}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_told_apart_from_unit_tests() {
        let names = names();
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        assert!(names.iter().all(|name| name.starts_with("host::")));
    }
}
