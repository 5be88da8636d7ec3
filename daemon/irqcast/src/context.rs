//! Where a device's netlink messages are sent from.

use crate::wire::context;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Where netlink messages are sent from. As text it is its name in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(u32);

/// A name that is not that of a context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no context {0:?}; there are auto, hard, bh and thread")]
pub struct UnknownContext(String);

impl Context {
    /// The context with this value, see [`context`].
    #[must_use]
    pub const fn from_value(value: u32) -> Self {
        Self(value)
    }

    /// Its value.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match context::ALL.iter().find(|(value, _)| *value == self.0) {
            Some((_, name)) => formatter.pad(name),
            // One that a newer driver knows.
            None => formatter.pad(&format!("unknown-{}", self.0)),
        }
    }
}

impl FromStr for Context {
    type Err = UnknownContext;

    fn from_str(text: &str) -> Result<Self, UnknownContext> {
        context::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(value, _)| Self(*value))
            .ok_or_else(|| UnknownContext(text.to_owned()))
    }
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_values() {
        for (text, value) in [("auto", 0), ("hard", 1), ("bh", 2), ("thread", 3)] {
            assert_eq!(text.parse(), Ok(Context::from_value(value)));
            assert_eq!(Context::from_value(value).to_string(), text);
        }
        assert_eq!(Context::from_value(4).to_string(), "unknown-4");
        for wrong in ["", "Hard", "soft", "unknown-4"] {
            assert!(wrong.parse::<Context>().is_err(), "{wrong:?}");
        }
    }
}
