//! Commands for the guest, and what became of them.

use irqcast_link::{Exit, TerminalSize};

use super::{initramfs::HOME, link::Stream};

/// Most bytes of each output that are kept; no test comes near.
const KEPT: usize = 8 * 1024 * 1024;

/// A command to run in the guest.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    argv: Vec<String>,
    env: Vec<(String, String)>,
    terminal: Option<TerminalSize>,
}

impl Invocation {
    /// A command with its arguments, and no terminal. It starts in [`HOME`].
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Adds a variable to its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives it a terminal of this size.
    pub fn on_terminal(mut self, size: TerminalSize) -> Self {
        self.terminal = Some(size);
        self
    }

    /// The frame that starts it.
    pub(super) fn into_frame(self, id: irqcast_link::ExecId) -> irqcast_link::ToGuest {
        irqcast_link::ToGuest::Exec(irqcast_link::Exec {
            id,
            argv: self.argv,
            env: self.env,
            dir: HOME.to_owned(),
            terminal: self.terminal,
        })
    }
}

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Completed {
    /// How.
    pub exit: Exit,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Default for Completed {
    /// A command that has written nothing yet.
    fn default() -> Self {
        Self {
            exit: Exit::Status(0),
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }
}

impl Completed {
    /// Adds what the command has written.
    pub(super) fn keep(&mut self, stream: Stream, data: &[u8]) {
        let output = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let left = KEPT.saturating_sub(output.len());
        output.extend_from_slice(&data[..data.len().min(left)]);
    }

    /// Both outputs as text, standard output first.
    pub fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&self.stderr));
        text
    }
}
