//! What is wanted of families, and what is told of them.

use crate::decode::DecodeError;

/// A family whose messages are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, which no other that is wanted has.
    pub family: String,
    /// Names of its multicast groups.
    pub groups: Vec<String>,
}

/// What there is to tell of families.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FamilyItem {
    /// A message of a group.
    Message {
        /// Name of the family.
        family: String,
        /// Command byte of its generic netlink header.
        command: u8,
        /// What follows this header.
        payload: Vec<u8>,
    },
    /// The family is there, and the messages of its groups are received from now on, but for those that
    /// could not be joined.
    Joined {
        /// Name of the family.
        family: String,
    },
    /// The family is there, but one of its groups could not be joined.
    NotJoined {
        /// Name of the family.
        family: String,
        /// Name of the group.
        group: String,
        /// Why.
        reason: NotJoined,
    },
    /// The family was unregistered.
    Left {
        /// Name of the family.
        family: String,
    },
    /// The queue was full and the kernel dropped messages. They are gone.
    Overrun,
    /// The kernel sent something that is no netlink message. It is skipped.
    Malformed(DecodeError),
}

/// Why a group could not be joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJoined {
    /// The family has no group of that name.
    #[error("the family has no such group, but {}", list(.0))]
    NoGroup(Vec<String>),
    /// The kernel refuses it.
    #[error("{0}")]
    Refused(String),
}

fn list(groups: &[String]) -> String {
    match groups.is_empty() {
        true => "none".to_owned(),
        false => groups.join(", "),
    }
}
