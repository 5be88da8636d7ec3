//! The set of a device's delivery paths.

use crate::wire::path;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A set of delivery paths: ways on which a device tells of its interrupts.
///
/// As text it is the names separated by commas, or `none`. Reading text, `all` names all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paths(u32);

/// A name that is not that of a delivery path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no path {0:?}; there are {names}, all and none", names = names().join(", "))]
pub struct UnknownPath(String);

impl Paths {
    /// No path.
    pub const NONE: Self = Self(0);

    /// The set with these bits, see [`path`].
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits of the set.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Every path that this library knows.
    #[must_use]
    pub fn all() -> Self {
        Self(path::ALL.iter().fold(0, |bits, (bit, _)| bits | 1 << bit))
    }

    /// Names of the paths in the set. One that a newer driver knows is called by its bit.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        (0..u32::BITS)
            .filter(|bit| self.0 & (1 << bit) != 0)
            .map(|bit| {
                path::ALL
                    .iter()
                    .find(|(known, _)| *known == bit)
                    .map_or_else(|| format!("bit-{bit}"), |(_, name)| (*name).to_owned())
            })
            .collect()
    }
}

fn names() -> Vec<&'static str> {
    path::ALL.iter().map(|(_, name)| *name).collect()
}

impl fmt::Display for Paths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return formatter.pad("none");
        }
        formatter.pad(&self.names().join(","))
    }
}

impl FromStr for Paths {
    type Err = UnknownPath;

    fn from_str(text: &str) -> Result<Self, UnknownPath> {
        match text {
            "all" => Ok(Self::all()),
            "none" => Ok(Self::NONE),
            list => list.split(',').try_fold(Self::NONE, |set, name| {
                path::ALL
                    .iter()
                    .find(|(_, known)| *known == name)
                    .map(|(bit, _)| Self(set.0 | 1 << bit))
                    .ok_or_else(|| UnknownPath(name.to_owned()))
            }),
        }
    }
}

impl Serialize for Paths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bits() {
        for (text, bits) in [
            ("none", 0),
            ("netlink-multicast", 1),
            ("netlink-multicast,chardev", 5),
            ("sysfs", 32),
        ] {
            assert_eq!(text.parse(), Ok(Paths::from_bits(bits)));
            assert_eq!(Paths::from_bits(bits).to_string(), text);
        }
        assert_eq!("all".parse(), Ok(Paths::all()));
        assert_eq!(Paths::from_bits(1 << 31).to_string(), "bit-31");
        for wrong in ["", "chardev,", "mmap", "all,none"] {
            assert!(wrong.parse::<Paths>().is_err(), "{wrong:?}");
        }
    }
}
