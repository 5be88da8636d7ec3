//! What can go wrong between a program and the driver.

use crate::ack::KernelError;
use crate::decode::DecodeError;
use crate::family_name::FamilyName;
use nix::errno::Errno;
use std::io;

/// Why a subscription or a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The driver is not loaded, or it was removed in the meantime.
    #[error("the generic netlink family \"{0}\" is not registered")]
    DriverNotLoaded(FamilyName),
    /// The family is registered, but has no group of that name: another version, or not irqcast's core.
    #[error("the generic netlink family \"{family}\" has no multicast group {group:?}")]
    NoGroup {
        /// Name of the family.
        family: String,
        /// Name of the group.
        group: &'static str,
    },
    /// No device has this instance number.
    #[error("there is no device {0}")]
    NoSuchDevice(u32),
    /// The caller lacks a capability.
    #[error("not permitted to {0}")]
    NotPermitted(&'static str),
    /// The kernel refused the request for another reason.
    #[error("failed to {action}: {error}")]
    Refused {
        /// What was asked for, to follow "failed to".
        action: &'static str,
        /// The kernel's answer.
        error: KernelError,
    },
    /// The kernel did not answer within [`crate::Client::ANSWER_LIMIT`].
    #[error("failed to {0}: the kernel did not answer")]
    NoAnswer(&'static str),
    /// A system call failed.
    #[error("failed to {action}: {source}")]
    System {
        /// What was tried, to follow "failed to".
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The kernel's answer is not what the protocol says.
    #[error("failed to {action}: the kernel's answer is malformed: {source}")]
    Malformed {
        /// What was asked for, to follow "failed to".
        action: &'static str,
        /// What is wrong with the answer.
        source: DecodeError,
    },
}

impl Error {
    /// A system call failed while trying to `action`; `EPERM` is told apart.
    pub(crate) fn system(action: &'static str, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        if source.raw_os_error() == Some(Errno::EPERM as i32) {
            Self::NotPermitted(action)
        } else {
            Self::System { action, source }
        }
    }

    /// Whether the kernel had no memory for the request or its answer: the next try may well pass.
    pub(crate) fn is_out_of_memory(&self) -> bool {
        let errno = match self {
            Self::System { source, .. } => source.raw_os_error().map(Errno::from_raw),
            Self::Refused { error, .. } => Some(error.errno),
            _ => None,
        };
        matches!(errno, Some(Errno::ENOBUFS | Errno::ENOMEM))
    }

    /// The kernel refused to `action`; `EPERM` is told apart.
    pub(crate) fn refused(action: &'static str, error: KernelError) -> Self {
        if error.errno == Errno::EPERM {
            Self::NotPermitted(action)
        } else {
            Self::Refused { action, error }
        }
    }
}
