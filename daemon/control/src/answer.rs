//! What is answered.

use crate::explanation::Explanation;
use crate::status::Status;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is answered to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// To [`crate::Request::Status`].
    Status(Box<Status>),
    /// To [`crate::Request::Metrics`].
    Metrics {
        /// The text format of Prometheus, version 0.0.4.
        text: String,
    },
    /// To [`crate::Request::Reload`]: the configuration was taken.
    Reloaded {
        /// The configuration's path.
        file: String,
        /// How many rules it has.
        rules: usize,
    },
    /// To [`crate::Request::Explain`].
    Explained(Explanation),
    /// To [`crate::Request::Replay`]: the hooks wait.
    Replayed {
        /// Names of the rules that matched.
        rules: Vec<String>,
    },
    /// Nothing was done.
    Refused(Refusal),
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub kind: RefusalKind,
    /// For people: why, and what to do.
    pub message: String,
    /// What is wrong with the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// Whoever asks may not.
    NotPermitted,
    /// What was sent is no request.
    BadRequest,
    /// The configuration is wrong or cannot be read; the old one stays.
    WrongConfiguration,
    /// The daemon is about to end.
    Stopping,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Refusal {
    /// A reason without problems.
    #[must_use]
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            problems: Vec::new(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Answer {
    /// Reads a line, with its newline or without. Pure and total.
    ///
    /// # Errors
    ///
    /// When it is anything but JSON of the right form, as from a daemon of another version.
    pub fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }

    /// The answer as one line of JSON with its newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("text and numbers have a JSON form");
        line.push('\n');
        line
    }
}
