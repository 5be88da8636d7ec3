//! What is wrong with a specification, and where.

use std::fmt;
use std::path::PathBuf;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One thing that is wrong. It is displayed as `line:column: what; what to do`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong. It names the key.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Collects problems while a text is read.
#[derive(Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, at: Place, message: impl Into<String>) {
        self.push(at, message.into(), None);
    }

    /// Adds a problem, and what to do.
    pub fn add_with_hint(
        &mut self,
        at: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(at, message.into(), Some(hint.into()));
    }

    fn push(&mut self, Place { line, column }: Place, message: String, hint: Option<String>) {
        self.0.push(Problem {
            line,
            column,
            message,
            hint,
        });
    }

    /// All of them, in the order of the text.
    pub fn into_found(mut self) -> Vec<Problem> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

/// How alike two names must be, from 0 to 1, for one to be what was meant by the other.
const ALIKE: f64 = 0.7;

/// Names that a hint lists at most.
const LISTED: usize = 12;

/// What was meant by `name`, or else what there is.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let likeness = |known: &&str| strsim::jaro_winkler(name, known);
    let nearest = known
        .iter()
        .copied()
        .max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    match nearest {
        Some(nearest) if likeness(&nearest) >= ALIKE => format!("did you mean {nearest:?}?"),
        Some(_) => {
            let more = if known.len() > LISTED { ", …" } else { "" };
            let listed = &known[..known.len().min(LISTED)];
            format!("there are {}{more}", listed.join(", "))
        }
        None => "there is none".to_owned(),
    }
}

/// Why there is no specification.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file cannot be read.
    #[error("failed to read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a specification of a generic netlink family.
    #[error("{}", lines(file, problems))]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong; never empty.
        problems: Vec<Problem>,
    },
}

/// The problems as lines of the form `file:line:column: what; what to do`.
fn lines(file: &std::path::Path, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}:{problem}", file.display()))
        .collect();
    lines.join("\n")
}
