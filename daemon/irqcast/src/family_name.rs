//! Which driver is spoken to: the name of its generic netlink family.

use crate::wire;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Longest name in bytes, without the terminating NUL (`GENL_NAMSIZ`, include/uapi/linux/genetlink.h).
const LONGEST: usize = 15;

/// Name of the generic netlink family of a driver on irqcast's core, of 1 to 15 printable characters without
/// spaces. The default is `irqcast`, that of the edu device.
///
/// All these families have the commands and attributes of the core in common. The numbers in between are
/// each device's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyName(Cow<'static, str>);

/// A text that no family can have as its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a family's name has 1 to {LONGEST} printable characters and no spaces, as irqcast has")]
pub struct WrongFamilyName;

impl FamilyName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is that of the edu device, whose own commands and attributes this library knows.
    #[must_use]
    pub fn is_edu(&self) -> bool {
        self.0 == wire::FAMILY
    }
}

impl Default for FamilyName {
    fn default() -> Self {
        Self(Cow::Borrowed(wire::FAMILY))
    }
}

impl fmt::Display for FamilyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for FamilyName {
    type Err = WrongFamilyName;

    fn from_str(text: &str) -> Result<Self, WrongFamilyName> {
        let is_name =
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        match is_name {
            true => Ok(Self(Cow::Owned(text.to_owned()))),
            false => Err(WrongFamilyName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_family_can_have_are_taken() {
        for (text, is_edu) in [("irqcast", true), ("irqcast-e1000", false), ("x", false)] {
            let name: FamilyName = text.parse().unwrap();
            assert_eq!((name.as_str(), name.is_edu()), (text, is_edu));
        }
        assert_eq!(FamilyName::default(), "irqcast".parse().unwrap());
    }

    #[test]
    fn other_names_are_refused() {
        for text in ["", "sixteen-letters-", "two words", "nul\0", "line\n", "ä"] {
            assert_eq!(text.parse::<FamilyName>(), Err(WrongFamilyName), "{text:?}");
        }
    }
}
