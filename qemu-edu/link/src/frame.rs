//! What the frames say.

use serde::{Deserialize, Serialize};

/// Version of the frames. Raise it with every change of this file.
pub const VERSION: u32 = 1;

/// Most bytes of standard input, output or error that one frame carries.
pub const DATA: usize = 32 * 1024;

/// Bytes of standard input that the host may have under way for one command.
///
/// The guest gives them back with [`ToHost::StdinTaken`], so that a command that does
/// not read its input cannot hold up the frames for the others.
pub const STDIN_WINDOW: usize = 64 * 1024;

/// The host's number for one command. It is never used twice in a guest's life.
pub type ExecId = u32;

/// From the host to the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToGuest {
    /// Start a command. Answered by [`ToHost::Started`] or [`ToHost::NotStarted`].
    Exec(Exec),
    /// Bytes for the command's standard input or terminal.
    Stdin {
        /// Which command.
        id: ExecId,
        /// At most [`DATA`] bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// No more standard input: the command reads the end of its input.
    StdinClosed {
        /// Which command.
        id: ExecId,
    },
    /// The person's terminal has changed its size.
    Resize {
        /// Which command.
        id: ExecId,
        /// The new size.
        size: TerminalSize,
    },
    /// Send a signal to the command's process group.
    Signal {
        /// Which command.
        id: ExecId,
        /// Linux signal number on x86-64.
        signal: i32,
    },
    /// Kill every process in the guest but PID 1: commands, and what they left behind.
    KillAll,
    /// Answer with [`ToHost::Pong`], which shows that kernel and PID 1 still run.
    Ping,
    /// Power the machine off.
    PowerOff,
}

/// From the guest to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToHost {
    /// The first frame. It stays the first variant, and keeps its first field, so that
    /// each version can read the other's number.
    Hello {
        /// The guest's [`VERSION`].
        version: u32,
        /// Release of the running kernel, as `uname -r` prints it.
        release: String,
    },
    /// The command runs.
    Started {
        /// Which command.
        id: ExecId,
    },
    /// The command could not be started; nothing more comes for this number.
    NotStarted {
        /// Which command.
        id: ExecId,
        /// Why.
        message: String,
    },
    /// Bytes that the command wrote to its standard output or terminal.
    Stdout {
        /// Which command.
        id: ExecId,
        /// At most [`DATA`] bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// Bytes that the command wrote to its standard error.
    Stderr {
        /// Which command.
        id: ExecId,
        /// At most [`DATA`] bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// The command has taken this much of its input, or it never will.
    StdinTaken {
        /// Which command.
        id: ExecId,
        /// Bytes that the host may send in their place.
        bytes: u32,
    },
    /// The command has ended. Its output came before; nothing more comes for this number.
    Exited {
        /// Which command.
        id: ExecId,
        /// How it ended.
        exit: Exit,
    },
    /// Answer to [`ToGuest::Ping`].
    Pong,
}

/// A command to start in the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The host's number for it.
    pub id: ExecId,
    /// Program and arguments. A program without a slash is looked up in `PATH`.
    pub argv: Vec<String>,
    /// Variables to add to PID 1's environment.
    pub env: Vec<(String, String)>,
    /// Folder to start in.
    pub dir: String,
    /// Size of the terminal to give to the command; without one it gets three pipes.
    pub terminal: Option<TerminalSize>,
}

/// Size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters a line.
    pub columns: u16,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It exited with this status, 0 to 255.
    Status(u8),
    /// It was killed by this signal.
    Signal(i32),
}

impl Exit {
    /// Whether the command exited with status 0.
    #[must_use]
    pub fn success(self) -> bool {
        self == Self::Status(0)
    }

    /// The status that a shell would report: 128 and the signal's number for a signal.
    #[must_use]
    pub fn shell_status(self) -> u8 {
        match self {
            Self::Status(status) => status,
            // Linux has 64 signals, so the sum fits; saturate rather than trust the peer.
            Self::Signal(signal) => u8::try_from(signal).unwrap_or(u8::MAX).saturating_add(128),
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}
