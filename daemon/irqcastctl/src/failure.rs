//! Why a command failed, what to do about it, and the exit code that says it to a script.

use irqcast::{Error, FamilyName, Lost};
use irqcast_control::{ClientError, Refusal, RefusalKind};
use nix::errno::Errno;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The command failed for a reason that has no code of its own.
pub const FAILED: u8 = 1;
// 2 says that the command line is wrong: clap exits with it by itself.
/// The driver is not loaded.
pub const NOT_LOADED: u8 = 3;
/// No such device.
pub const NO_DEVICE: u8 = 4;
/// A capability is missing.
pub const NOT_PERMITTED: u8 = 5;
/// The time limit passed.
pub const TIMED_OUT: u8 = 6;
/// The daemon does not run.
pub const NO_DAEMON: u8 = 7;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The driver, or the way to it.
    #[error(transparent)]
    Irqcast(#[from] Error),
    /// The driver is loaded and has no device.
    #[error("the driver has no device")]
    NoDevice(FamilyName),
    /// The driver was removed while its event was waited for.
    #[error("the driver was removed before the event of {what} arrived")]
    Removed {
        /// The driver's family.
        family: FamilyName,
        /// What was waited for.
        what: String,
    },
    /// The event that was waited for did not come.
    #[error("the event of {what} did not arrive within {} s", limit.as_secs_f64())]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// The event that was waited for may have been lost.
    #[error(
        "events {} to {} of device {} were lost, perhaps that of {what} among them",
        lost.from, lost.to, lost.device
    )]
    Lost {
        /// What was waited for.
        what: String,
        /// What was lost.
        lost: Lost,
    },
    /// A DMA did not bring all bytes back.
    #[error("device {device}: only {returned} of {asked} bytes came back unchanged")]
    Damaged {
        /// The device.
        device: u32,
        /// Bytes that came back.
        returned: u32,
        /// Bytes that were sent.
        asked: u32,
    },
    /// The daemon, or the way to it.
    #[error("{}", control(.0))]
    Control(#[from] ClientError),
    /// A file cannot be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// What was to be done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file holds something else than events and losses.
    #[error("{}{}: {reason}", path.display(), line.map_or_else(String::new, |line| format!(":{line}")))]
    Trace {
        /// The file.
        path: PathBuf,
        /// The line, from 1, if the file is one of lines.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// A manual page or a completion cannot be written.
    #[error("failed to write {0}")]
    Generate(io::Error),
    /// Printing failed.
    #[error("failed to write: {0}")]
    Output(#[from] io::Error),
    /// A system call failed.
    #[error("failed to {0}: {1}")]
    System(&'static str, io::Error),
}

/// What went wrong with the daemon, with all problems of a configuration.
fn control(error: &ClientError) -> String {
    let mut text = error.to_string();
    if let ClientError::Refused(Refusal { problems, .. }) = error {
        for problem in problems {
            let (line, column) = (problem.line, problem.column);
            text.push_str(&format!(
                "\n  line {line}, column {column}: {}",
                problem.message
            ));
        }
    }
    text
}

impl Failure {
    /// Whether the reader of the output went away, which is a way to end like any other.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Irqcast(Error::DriverNotLoaded(family)) | Self::Removed { family, .. } => {
                match family.is_edu() {
                    true => "Load the driver: modprobe irqcast_edu",
                    false => "Load the driver that has this family: modprobe NAME",
                }
            }
            Self::Irqcast(Error::NoGroup { .. }) => {
                "Only drivers made on irqcast's core can be spoken to with --family. For other families \
                 see irqcastd's [[family]]."
            }
            Self::Irqcast(Error::Refused { error, .. }) if error.errno == Errno::EOPNOTSUPP => {
                "The driver has no such request. Each device has its own, but for those of the core: list, \
                 monitor, history and set."
            }
            Self::Irqcast(Error::NotPermitted(_)) => {
                "This needs the capability CAP_NET_ADMIN: run it as root."
            }
            Self::Irqcast(Error::NoSuchDevice(_)) => "The devices that there are: irqcastctl list",
            Self::NoDevice(family) if !family.is_edu() => {
                "See with lspci -k which devices the driver has, and with dmesg what it says of them."
            }
            Self::NoDevice(_) => {
                "The driver binds PCI devices 1234:11e8 (QEMU: -device edu). See what the kernel \
                 says: dmesg | grep irqcast_edu"
            }
            Self::TimedOut { .. } => "A longer limit: --timeout SECONDS",
            Self::Control(ClientError::NotRunning(_)) => {
                "Start it: systemctl start irqcastd, or irqcastd run. Where it listens elsewhere, say so: \
                 --control-socket PATH"
            }
            _ => return None,
        })
    }

    /// The code that tells a script.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Irqcast(Error::DriverNotLoaded(_)) | Self::Removed { .. } => NOT_LOADED,
            Self::Irqcast(Error::NoSuchDevice(_)) | Self::NoDevice(_) => NO_DEVICE,
            Self::Irqcast(Error::NotPermitted(_)) => NOT_PERMITTED,
            Self::Irqcast(Error::NoAnswer(_)) | Self::TimedOut { .. } => TIMED_OUT,
            Self::Control(ClientError::NotRunning(_)) => NO_DAEMON,
            Self::Control(ClientError::Refused(Refusal {
                kind: RefusalKind::NotPermitted,
                ..
            })) => NOT_PERMITTED,
            _ => FAILED,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::EXIT_CODES;

    #[test]
    fn help_names_every_code() {
        for code in [
            FAILED,
            2,
            NOT_LOADED,
            NO_DEVICE,
            NOT_PERMITTED,
            TIMED_OUT,
            NO_DAEMON,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n  {code}  ")), "{code}");
        }
    }

    #[test]
    fn every_reason_has_its_code() {
        let check = |failure: Failure, code: u8| {
            assert_eq!(failure.exit_code(), ExitCode::from(code), "{failure}");
        };
        check(Error::DriverNotLoaded(FamilyName::default()).into(), 3);
        check(Error::NoSuchDevice(7).into(), 4);
        check(Failure::NoDevice(FamilyName::default()), 4);
        check(Error::NotPermitted("raise an interrupt").into(), 5);
        check(Error::NoAnswer("raise an interrupt").into(), 6);
        check(ClientError::NotRunning("/s".into()).into(), 7);
        for (kind, code) in [
            (RefusalKind::NotPermitted, 5),
            (RefusalKind::WrongConfiguration, 1),
        ] {
            let refused = Refusal::new(kind, "no");
            check(ClientError::Refused(refused).into(), code);
        }
        check(io::Error::other("disk full").into(), 1);
        assert!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
    }
}
