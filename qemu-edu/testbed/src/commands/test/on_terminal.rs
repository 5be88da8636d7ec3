//! `shell`, typed at on a terminal.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::AsFd as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::{OpenptyResult, openpty},
    sys::termios::{LocalFlags, tcgetattr},
};

use super::lifecycle::Testbed;
use crate::process::{self, Child};

/// How long the guest may take to boot and to answer. It stops a hang.
const LIMIT: Duration = Duration::from_secs(120);

/// In the minimal guest.
pub fn check(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    is_usable(testbed.program(&["shell"])?)
}

/// In a Debian guest.
pub fn debian(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    is_usable(testbed.with_stock(&["shell", "--guest", "debian"])?)
}

/// Types a command and an end, and expects the output, the status, and the terminal as it was.
fn is_usable(mut command: Command) -> anyhow::Result<()> {
    let OpenptyResult { master, slave } = openpty(None, None).context("failed to open a pty")?;
    let before = tcgetattr(&master).context("failed to read the terminal's settings")?;
    let end = || slave.try_clone().map(Stdio::from);
    command.stdin(end()?).stdout(end()?).stderr(end()?);
    let mut child = Child::spawn(command)?;
    // Only the program has that end now, so that its end can be seen at this one.
    drop(slave);
    let mut person = Person {
        terminal: File::from(master),
        seen: String::new(),
    };
    person.wait_for("# ")?;
    person.type_line("echo $((6 * 7)) devices: $(irqcastctl list --json | wc -l)")?;
    person.wait_for("42 devices: 1")?;
    ensure!(
        !tcgetattr(&person.terminal)?
            .local_flags
            .contains(LocalFlags::ECHO),
        "the terminal echoes by itself while the guest's does"
    );
    person.type_line("exit 7")?;
    person.read_until_end()?;
    let code = child.wait()?.code();
    ensure!(
        code == Some(7),
        "expected exit status 7, got {code:?}; the terminal showed:\n{}",
        person.seen
    );
    ensure!(
        tcgetattr(&person.terminal)?.local_flags == before.local_flags,
        "the terminal was not restored"
    );
    Ok(())
}

/// Who sits at the terminal.
struct Person {
    terminal: File,
    seen: String,
}

impl Person {
    fn type_line(&mut self, line: &str) -> anyhow::Result<()> {
        self.seen.clear();
        self.terminal
            .write_all(format!("{line}\r").as_bytes())
            .context("failed to type")
    }

    /// Reads until the terminal has shown `text` since the last line was typed.
    fn wait_for(&mut self, text: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + LIMIT;
        while !self.seen.contains(text) {
            ensure!(
                Instant::now() < deadline && self.read_some()?,
                "the terminal did not show {text:?} but:\n{}",
                self.seen
            );
        }
        Ok(())
    }

    /// Reads on, so that the program can write, until nobody has the terminal any more.
    fn read_until_end(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + LIMIT;
        while self.read_some()? {
            ensure!(
                Instant::now() < deadline,
                "the shell did not end; the terminal showed:\n{}",
                self.seen
            );
        }
        Ok(())
    }

    /// Reads what there is, waiting a moment for it. False when the other end is closed.
    fn read_some(&mut self) -> anyhow::Result<bool> {
        process::check()?;
        let mut fds = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::from(100_u8))? == 0 {
            return Ok(true);
        }
        let mut bytes = [0; 4096];
        match self.terminal.read(&mut bytes) {
            Ok(length) => {
                self.seen
                    .push_str(&String::from_utf8_lossy(&bytes[..length]));
                Ok(length > 0)
            }
            // So a pseudoterminal says that its other end is closed (pty(7)).
            Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => Ok(false),
            Err(error) => Err(error).context("failed to read from the terminal"),
        }
    }
}
