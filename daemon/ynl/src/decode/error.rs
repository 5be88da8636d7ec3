//! Why a message cannot be decoded.

use super::DEPTH_MAX;
use std::fmt;

/// Why a message is not what the specification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Names of the attributes from the outermost to the one that is wrong.
    pub path: Vec<String>,
    /// What is wrong.
    pub cause: Cause,
}

/// What is wrong with an attribute or with the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The bytes are no attributes: a length that is too small or larger than what is there.
    #[error("the lengths of the attributes do not fit the {0} bytes that are there")]
    Layout(usize),
    /// The value has the wrong length.
    #[error("{found} bytes instead of {expected}")]
    Length {
        /// Bytes that its type takes.
        expected: &'static str,
        /// Bytes that it has.
        found: usize,
    },
    /// A structure needs more bytes.
    #[error("{found} bytes instead of the {expected} or more of its structure")]
    Short {
        /// Bytes that the structure takes.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// Attributes are within each other too deep.
    #[error("more than {DEPTH_MAX} attributes within each other")]
    Depth,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => write!(formatter, "{}", self.cause),
            false => write!(
                formatter,
                "attribute {:?}: {}",
                self.path.join("."),
                self.cause
            ),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<Cause> for DecodeError {
    fn from(cause: Cause) -> Self {
        Self {
            path: Vec::new(),
            cause,
        }
    }
}
