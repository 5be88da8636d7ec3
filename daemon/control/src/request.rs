//! What can be asked.

use crate::occurrence::Occurrence;
use serde::{Deserialize, Serialize};

/// Longest request in bytes, without its newline. The longest one that means something has some
/// hundred.
pub const REQUEST_MAX: usize = 4096;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "command",
    content = "of",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
pub enum Request {
    /// What the daemon does now.
    Status,
    /// The metrics in the text format of Prometheus.
    Metrics,
    /// Take the configuration anew.
    Reload,
    /// Which rules match this, and why the others do not.
    Explain(Occurrence),
    /// Let the hooks run as if this had just come.
    Replay(Occurrence),
}

/// Why bytes are no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a request: {0}")]
pub struct BadRequest(String);

impl Request {
    /// Whether it changes something, which fewer people may do.
    #[must_use]
    pub fn acts(&self) -> bool {
        match self {
            Self::Status | Self::Metrics | Self::Explain(_) => false,
            Self::Reload | Self::Replay(_) => true,
        }
    }

    /// Reads a line, with its newline or without. Pure and total.
    ///
    /// # Errors
    ///
    /// When it is too long, or anything but JSON of the right form.
    pub fn read(line: &[u8]) -> Result<Self, BadRequest> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if line.len() > REQUEST_MAX {
            return Err(BadRequest(format!("it is longer than {REQUEST_MAX} bytes")));
        }
        serde_json::from_slice(line).map_err(|error| BadRequest(error.to_string()))
    }

    /// The request as one line of JSON with its newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("text and numbers have a JSON form");
        line.push('\n');
        line
    }
}
