//! The tests of the hazards, on a driver or a library that lacks the answer: they have to fail.

use std::{collections::BTreeSet, time::Instant};

use super::super::test::{
    list::Form,
    report::{Outcome, Report, Verdict},
    vm,
};
use crate::{
    cli::{KernelChoice, Options},
    mutants::{self, Mutant, ProjectCopy},
    process,
    setup::{ProgramFailed, Setup, Workspace},
    ui::Ui,
    vm::Logs,
};

/// What the names of all of them begin with, behind the kernel's.
pub const PREFIX: &str = "mutants";

/// The kernel that they are for: others do not see everything that goes wrong.
pub const KERNEL: KernelChoice = KernelChoice::Debug;

/// Folder of the copy in the cache.
const FOLDER: &str = "mutants";

/// Lines of a test's output that are shown as the reason why it failed.
const SHOWN_LINES: usize = 3;

/// A test that has to fail for a mutant.
struct Trial {
    mutant: Mutant,
    test: String,
}

/// Tests that have to fail.
pub struct Trials(Vec<Trial>);

/// Those whose name `matches`, if they are for one of these kernels.
pub fn plan(
    workspace: &Workspace,
    choices: &[KernelChoice],
    matches: &dyn Fn(&str) -> bool,
) -> anyhow::Result<Trials> {
    if !choices.contains(&KERNEL) {
        return Ok(Trials(Vec::new()));
    }
    let mut trials = Vec::new();
    for mutant in mutants::all(workspace)? {
        trials.extend(mutant.tests.iter().map(|test| Trial {
            mutant: mutant.clone(),
            test: test.clone(),
        }));
    }
    trials.retain(|trial| matches(&trial.name()));
    Ok(Trials(trials))
}

impl Trials {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Trial::name)
    }

    /// Runs each test with every answer in place, and then without the one that it is for.
    pub fn run(
        &self,
        options: &Options,
        setup: &Setup,
        logs: &Logs,
        ui: &Ui,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        report.note("\nwith every answer, the tests have to pass:");
        let tests: BTreeSet<&str> = self.0.iter().map(|trial| trial.test.as_str()).collect();
        let before = report.outcomes().len();
        run_tests(setup, options, logs, ui, report, &tests)?;
        let good: BTreeSet<String> = report.outcomes()[before..]
            .iter()
            .filter(|outcome| outcome.verdict == Verdict::Passed)
            .filter_map(|outcome| short_name(&outcome.name).map(str::to_owned))
            .collect();

        report.note("\nwithout one answer each, they have to fail:");
        let cache = setup.cache();
        let _lock = cache.lock(FOLDER, ui)?;
        let copy = ProjectCopy::new(setup.workspace(), cache.folder().join(FOLDER))?;
        for trial in &self.0 {
            let started = Instant::now();
            let (verdict, reasons) = if good.contains(&trial.test) {
                trial.run(&copy, options, logs, ui)?
            } else {
                let reason = format!("{} does not pass with the answer either", trial.test);
                (Verdict::Skipped(reason), Vec::new())
            };
            report.add(Outcome {
                name: trial.name(),
                verdict,
                time: started.elapsed(),
            });
            for reason in reasons {
                report.note(&format!("          {reason}"));
            }
        }
        copy.take_back()
    }
}

impl Trial {
    fn name(&self) -> String {
        let Self { mutant, test } = self;
        format!("{}::{PREFIX}::{}::{test}", KERNEL.name(), mutant.name)
    }

    /// Runs the test on the mutant. Returns whether it fails, as it has to, and why it does.
    fn run(
        &self,
        copy: &ProjectCopy,
        options: &Options,
        logs: &Logs,
        ui: &Ui,
    ) -> anyhow::Result<(Verdict, Vec<String>)> {
        let step = ui.step(&self.name());
        let workspace = copy.become_mutant(&self.mutant)?;
        let logs = logs.subfolder(&self.name().replace("::", "."))?;
        let mut report = Report::silent();
        let tests = BTreeSet::from([self.test.as_str()]);
        let ran = Setup::of(workspace, options, ui, false)
            .and_then(|setup| run_tests(&setup, options, &logs, ui, &mut report, &tests));
        step.end_quietly();
        match ran {
            Ok(()) => Ok(judge(&self.test, report.outcomes())),
            // What does not build proves nothing.
            Err(error) if error.is::<ProgramFailed>() => {
                process::check()?;
                let verdict = Verdict::Failed {
                    summary: "the mutant does not build".to_owned(),
                    details: error.to_string(),
                };
                Ok((verdict, Vec::new()))
            }
            Err(error) => Err(error),
        }
    }
}

/// Runs these tests of the workspace that `setup` is for.
fn run_tests(
    setup: &Setup,
    options: &Options,
    logs: &Logs,
    ui: &Ui,
    report: &mut Report,
    tests: &BTreeSet<&str>,
) -> anyhow::Result<()> {
    let is_wanted = |name: &str| short_name(name).is_some_and(|name| tests.contains(name));
    let plans = vm::plan(setup, &[KERNEL], None, Form::Short, &is_wanted)?;
    let kernel = setup.kernel(options, KERNEL, ui)?;
    for plan in plans {
        plan.run(setup, options, &kernel.prepared, logs, ui, report)?;
    }
    Ok(())
}

/// The name of a test without its kernel.
fn short_name(name: &str) -> Option<&str> {
    Some(name.split_once("::")?.1)
}

/// Turns what became of `test` without the answer into a verdict on it, with the reasons for which
/// it failed. Only a test that began and failed is a proof.
fn judge(test: &str, outcomes: &[Outcome]) -> (Verdict, Vec<String>) {
    let mut problem = match outcomes {
        [] => format!("there is no test {test} for this kernel"),
        _ => format!("{test} passes without the answer that it is for"),
    };
    let mut problem_details = "";
    for outcome in outcomes {
        match &outcome.verdict {
            Verdict::Failed { summary, details } => {
                return (Verdict::Passed, reasons(summary, details));
            }
            Verdict::NotBegun { summary, details } => {
                problem = format!("{test} did not begin: {summary}");
                problem_details = details;
            }
            Verdict::Skipped(reason) => problem = format!("{test} was skipped: {reason}"),
            Verdict::Passed => {}
        }
    }
    let verdict = Verdict::Failed {
        summary: problem,
        details: problem_details.to_owned(),
    };
    (verdict, Vec::new())
}

/// The lines that say why a test failed. What a lost guest's kernel said last is in its summary and
/// its log.
fn reasons(summary: &str, details: &str) -> Vec<String> {
    let lines = details
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('|'));
    std::iter::once(format!("fails, as it has to: {summary}"))
        .chain(lines.take(SHOWN_LINES).map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome {
            name: "debug::a::b".to_owned(),
            verdict,
            time: Duration::ZERO,
        }
    }

    fn texts() -> (String, String) {
        ("exit status 1".to_owned(), "why\n\nmore".to_owned())
    }

    #[test]
    fn a_test_that_began_and_failed_is_a_proof() {
        let (summary, details) = texts();
        let failed = outcome(Verdict::Failed { summary, details });
        let (verdict, reasons) = judge("a::b", &[outcome(Verdict::Passed), failed]);
        assert_eq!(verdict, Verdict::Passed);
        assert_eq!(
            reasons,
            ["fails, as it has to: exit status 1", "why", "more"]
        );
    }

    #[test]
    fn nothing_else_is_a_proof() {
        let (summary, details) = texts();
        for outcomes in [
            vec![],
            vec![outcome(Verdict::Passed)],
            vec![outcome(Verdict::NotBegun { summary, details })],
            vec![outcome(Verdict::Skipped("no reason".to_owned()))],
        ] {
            let (verdict, _) = judge("a::b", &outcomes);
            assert!(matches!(verdict, Verdict::Failed { .. }), "{outcomes:?}");
        }
    }

    #[test]
    fn names_lose_their_kernel() {
        assert_eq!(short_name("debug::a::b"), Some("a::b"));
    }
}
