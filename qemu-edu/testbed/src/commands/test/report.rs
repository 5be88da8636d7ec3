//! What became of the tests, for people: a line each, failures in full, the sums.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    time::Duration,
};

use console::Style;

/// A test that is done.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its full name, such as `stock::msi::raise_reaches_listener`.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub time: Duration,
}

/// What became of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed, or the guest that it ran in was lost.
    Failed {
        /// Why, in one line.
        summary: String,
        /// What it printed, and where to look; empty or several lines.
        details: String,
    },
    /// It did not begin, because its guest was lost before that.
    NotBegun {
        /// Why, in one line.
        summary: String,
        /// Where to look; several lines.
        details: String,
    },
    /// It did not run, for this reason.
    Skipped(String),
}

/// Prints outcomes as they come, and keeps them for the end.
#[derive(Default)]
pub struct Report {
    outcomes: Vec<Outcome>,
    is_silent: bool,
}

impl Report {
    /// One that prints nothing, for outcomes that somebody else judges.
    pub fn silent() -> Self {
        Self {
            outcomes: Vec::new(),
            is_silent: true,
        }
    }

    /// All outcomes so far.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Whether no test has run.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Prints a line that is no outcome.
    pub fn note(&self, line: &str) {
        if self.is_silent {
            return;
        }
        // Whoever closed standard output does not want to know.
        let _ = writeln!(io::stdout().lock(), "{line}");
    }

    /// Prints an outcome and counts it.
    pub fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
        if let Some(outcome) = self.outcomes.last() {
            self.note(&line(outcome));
        }
    }

    /// Prints the failures again and, as the last line, the sums. Returns whether all is
    /// well.
    pub fn finish(&self) -> bool {
        let (text, good) = summary(&self.outcomes);
        self.note(&text);
        good
    }
}

fn line(outcome: &Outcome) -> String {
    let (style, word, rest) = match &outcome.verdict {
        Verdict::Passed => (Style::new().green(), "passed", String::new()),
        Verdict::Skipped(reason) => (
            Style::new().yellow(),
            "skipped",
            format!(": {}", reason.trim()),
        ),
        Verdict::Failed { summary, details } | Verdict::NotBegun { summary, details } => {
            let mut text = format!(": {summary}");
            for line in details.lines() {
                let _ = write!(text, "\n      {line}");
            }
            (Style::new().red().bold(), "FAILED", text)
        }
    };
    format!(
        "{:<7} {} ({:.1} s){rest}",
        style.apply_to(word),
        outcome.name,
        outcome.time.as_secs_f32(),
    )
}

/// The last lines of the report, and whether nothing failed.
fn summary(outcomes: &[Outcome]) -> (String, bool) {
    let mut text = String::new();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for outcome in outcomes {
        match &outcome.verdict {
            Verdict::Passed => passed += 1,
            Verdict::Skipped(_) => skipped += 1,
            Verdict::Failed { summary, .. } | Verdict::NotBegun { summary, .. } => {
                if failed == 0 {
                    text.push_str("\nfailures:\n");
                }
                failed += 1;
                let _ = writeln!(text, "  {}: {summary}", outcome.name);
            }
        }
    }
    let _ = write!(
        text,
        "\n{passed} passed, {failed} failed, {skipped} skipped"
    );
    (text, failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, verdict: Verdict) -> Outcome {
        Outcome {
            name: name.to_owned(),
            verdict,
            time: Duration::from_millis(1234),
        }
    }

    fn failed(summary: &str) -> Verdict {
        Verdict::Failed {
            summary: summary.to_owned(),
            details: "one\ntwo".to_owned(),
        }
    }

    #[test]
    fn last_line_counts() {
        let outcomes = [
            outcome("a", Verdict::Passed),
            outcome("b", failed("exit status 1")),
            outcome("c", Verdict::Skipped("no reason".to_owned())),
            outcome("d", failed("lost: panic")),
            outcome("e", Verdict::Passed),
        ];
        for (outcomes, last, good) in [
            (&outcomes[..], "2 passed, 2 failed, 1 skipped", false),
            (&outcomes[..1], "1 passed, 0 failed, 0 skipped", true),
            (&outcomes[2..3], "0 passed, 0 failed, 1 skipped", true),
        ] {
            let (text, all_well) = summary(outcomes);
            assert_eq!(text.lines().last(), Some(last));
            assert_eq!(all_well, good);
        }
    }

    #[test]
    fn failures_are_listed_with_their_reasons() {
        let (text, _) = summary(&[outcome("b", failed("exit status 1"))]);
        assert!(text.contains("failures:\n  b: exit status 1\n"), "{text}");
    }

    #[test]
    fn line_of_a_failure_shows_all_of_it() {
        console::set_colors_enabled(false);
        assert_eq!(
            line(&outcome("b", failed("no"))),
            "FAILED  b (1.2 s): no\n      one\n      two"
        );
    }
}
