//! `cargo test` on the workspace, with an outcome for each test.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    process::Command,
    time::{Duration, Instant},
};

use super::{Outcome, UNIT_TESTS, Verdict, verdict};
use crate::{
    setup::{self, ProgramFailed, Workspace},
    ui::Ui,
};

/// Runs all unit tests, or those whose name contains `filter`.
pub(super) fn run(
    workspace: &Workspace,
    filter: Option<&str>,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let started = Instant::now();
    let step = ui.step("unit tests");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .args([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--color=never",
            "--",
        ])
        .args(filter);
    command
        .current_dir(&workspace.root)
        .env("CARGO_TERM_COLOR", "never");
    let mut report = Report::default();
    let result = setup::run_program(ui, &step, "cargo test", command, |line| {
        report.line(line);
        step.message(line.trim());
    });
    let mut outcomes = report.outcomes();
    let failed = outcomes
        .iter()
        .any(|outcome| matches!(outcome.verdict, Verdict::Failed(_)));
    match result {
        Ok(()) => step.finish(&format!("{} tests", outcomes.len())),
        // Then the failed tests say all there is to say.
        Err(error) if error.is::<ProgramFailed>() && failed => drop(step),
        Err(error) => {
            // It did not compile, or a test took its whole program along.
            drop(step);
            let verdict = verdict(Err(error))?;
            let elapsed = started.elapsed();
            outcomes.push(Outcome {
                name: UNIT_TESTS.to_owned(),
                verdict,
                elapsed,
            });
        }
    }
    Ok(outcomes)
}

/// Reads the lines that `cargo test` prints.
#[derive(Debug, Default)]
struct Report {
    /// Program whose tests run just now.
    program: String,
    tests: Vec<(String, Verdict)>,
    /// What failed tests printed, by name.
    messages: BTreeMap<String, String>,
    /// Test whose output the next lines are.
    speaker: Option<String>,
}

impl Report {
    fn line(&mut self, line: &str) {
        if let Some(program) = program(line) {
            self.program = program;
            self.speaker = None;
        } else if let Some((name, verdict)) = test(line) {
            self.tests.push((self.full_name(name), verdict));
        } else if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            self.speaker = Some(self.full_name(name));
        } else if line == "failures:" || line.starts_with("test result:") {
            self.speaker = None;
        } else if let Some(speaker) = &self.speaker {
            let message = self.messages.entry(speaker.clone()).or_default();
            message.push_str(line);
            message.push('\n');
        }
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}::{name}", self.program)
    }

    fn outcomes(mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for (name, mut verdict) in self.tests {
            if let (Verdict::Failed(text), Some(message)) =
                (&mut verdict, self.messages.remove(&name))
            {
                *text = message.trim().to_owned();
            }
            outcomes.push(Outcome {
                name,
                verdict,
                elapsed: Duration::ZERO,
            });
        }
        outcomes
    }
}

/// Reads `Running unittests src/lib.rs (target/debug/deps/irqcast-0123abcd)` and
/// `Doc-tests irqcast`.
fn program(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} (documentation)"));
    }
    let path = line
        .strip_prefix("Running ")?
        .strip_suffix(')')?
        .rsplit_once('(')?
        .1;
    let file = path.rsplit('/').next()?;
    Some(
        file.rsplit_once('-')
            .map_or(file, |(name, _hash)| name)
            .to_owned(),
    )
}

/// Reads `test name ... ok`.
fn test(line: &str) -> Option<(&str, Verdict)> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let verdict = match result {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed(String::new()),
        _ => {
            let reason = result.strip_prefix("ignored")?;
            Verdict::Skipped(reason.trim_start_matches([',', ' ']).to_owned())
        }
    };
    Some((name, verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
   Compiling irqcast v0.1.0
     Running unittests src/lib.rs (target/debug/deps/irqcast-0a1b2c3d4e5f6071)

running 3 tests
test event::tests::round_trip ... ok
test sequence::tests::gap ... FAILED
test wire::tests::slow ... ignored, takes an hour

failures:

---- sequence::tests::gap stdout ----

thread 'sequence::tests::gap' panicked at src/sequence.rs:10:5:
assertion failed
note: run with `RUST_BACKTRACE=1`


failures:
    sequence::tests::gap

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out
   Doc-tests irqcast

running 1 test
test daemon/irqcast/src/lib.rs - example (line 3) ... ok
";

    #[test]
    fn each_test_gets_its_outcome() {
        let mut report = Report::default();
        OUTPUT.lines().for_each(|line| report.line(line));
        let outcomes = report.outcomes();
        let names: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "irqcast::event::tests::round_trip",
                "irqcast::sequence::tests::gap",
                "irqcast::wire::tests::slow",
                "irqcast (documentation)::daemon/irqcast/src/lib.rs - example (line 3)",
            ]
        );
        assert_eq!(outcomes[0].verdict, Verdict::Passed);
        let Verdict::Failed(message) = &outcomes[1].verdict else {
            panic!("{outcomes:?}")
        };
        assert!(message.starts_with("thread 'sequence") && message.contains("assertion failed"));
        assert_eq!(
            outcomes[2].verdict,
            Verdict::Skipped("takes an hour".to_owned())
        );
    }
}
