//! Machines that are lost: the outcome that is neither passed nor failed.

use std::{fmt, path::PathBuf, time::Duration};

/// A guest stopped to be of use before its work was done.
#[derive(Debug, Clone)]
pub struct Lost {
    /// Why.
    pub reason: Reason,
    /// The kernel's log up to then.
    pub log: PathBuf,
    /// The last lines of that log.
    pub last_lines: Vec<String>,
    /// What the command had written that ran then, if [`super::Vm::run`] ran it.
    pub output: String,
}

/// Why a guest was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The kernel panicked, or an oops became a panic; the line that said so first.
    Panic(String),
    /// The kernel found that a processor or a task is stuck; the line that says so.
    Stuck(String),
    /// No sign of life for this long.
    Silent(Duration),
    /// The time limit was reached.
    TimeLimit(Duration),
    /// QEMU ended by itself, with this status and message.
    Qemu {
        /// `exit status: 1` or the like.
        status: String,
        /// What it wrote to standard error.
        message: String,
    },
    /// The guest switched itself off; with the message of PID 1, if it left one.
    PoweredOff(Option<String>),
    /// The guest broke the rules of the link.
    Protocol(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(line) => write!(f, "the kernel panicked: {line}"),
            Self::Stuck(line) => write!(f, "the kernel is stuck: {line}"),
            Self::Silent(time) => {
                write!(
                    f,
                    "the guest has shown no sign of life for {} s",
                    time.as_secs()
                )
            }
            Self::TimeLimit(time) => {
                write!(f, "the time limit of {} s was reached", time.as_secs_f32())
            }
            Self::Qemu { status, message } if message.is_empty() => {
                write!(f, "QEMU ended unexpectedly ({status})")
            }
            Self::Qemu { status, message } => write!(f, "QEMU ended ({status}): {message}"),
            Self::PoweredOff(None) => f.write_str("the guest switched itself off"),
            Self::PoweredOff(Some(message)) => {
                write!(f, "the guest switched itself off: {message}")
            }
            Self::Protocol(error) => write!(f, "the guest sent what makes no sense: {error}"),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the guest is lost: {}", self.reason)
    }
}

impl std::error::Error for Lost {}

impl Lost {
    /// The command's output, the log's last lines and its path, for people.
    pub fn details(&self) -> String {
        let mut text = self.output.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for line in &self.last_lines {
            text.push_str("    | ");
            text.push_str(line);
            text.push('\n');
        }
        format!("{text}  kernel log: {}", self.log.display())
    }
}
