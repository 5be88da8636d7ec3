//! One command that runs: what goes in, what comes out, how it ends.

use std::{
    collections::VecDeque,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
};

use anyhow::{Result, ensure};
use irqcast_link::{DATA, ExecId, Exit, STDIN_WINDOW, TerminalSize, ToHost};
use nix::{
    errno::Errno,
    sys::signal::{Signal, killpg},
    unistd::{Pid, read, write},
};

use crate::{start::Running, terminal};

/// Most bytes of output that are still passed on after the command itself has ended.
///
/// More than its pipes can hold, so nothing that it wrote is lost; and an end to what a
/// process that it left behind may go on writing.
const AFTERMATH: usize = 512 * 1024;

/// What a terminal takes for the end of its input: Ctrl-D.
const END_OF_TRANSMISSION: u8 = 4;

/// A command that was started and whose end has not been told to the host yet.
pub struct Child {
    id: ExecId,
    pid: Pid,
    terminal: bool,
    stdin: Option<OwnedFd>,
    stdin_queue: VecDeque<u8>,
    stdin_ends: bool,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    exit: Option<Exit>,
    aftermath: usize,
}

/// One of a command's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output, or the terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Output {
    /// Both, in the order in which they are read.
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];
}

impl Child {
    /// Takes charge of a command.
    pub fn new(id: ExecId, running: Running) -> Self {
        Self {
            id,
            pid: running.pid,
            terminal: running.terminal,
            stdin: Some(running.stdin),
            stdin_queue: VecDeque::new(),
            stdin_ends: false,
            stdout: Some(running.stdout),
            stderr: running.stderr,
            exit: None,
            aftermath: 0,
        }
    }

    /// The process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Standard input, where bytes wait to be written to it.
    pub fn wants_write(&self) -> Option<BorrowedFd<'_>> {
        let waiting = !self.stdin_queue.is_empty();
        self.stdin.as_ref().filter(|_| waiting).map(|fd| fd.as_fd())
    }

    /// An output, while it is open.
    pub fn output(&self, output: Output) -> Option<BorrowedFd<'_>> {
        match output {
            Output::Stdout => self.stdout.as_ref(),
            Output::Stderr => self.stderr.as_ref(),
        }
        .map(|fd| fd.as_fd())
    }

    /// Takes bytes for standard input.
    pub fn queue_stdin(&mut self, data: &[u8]) -> Result<()> {
        ensure!(
            self.stdin_queue.len() + data.len() <= STDIN_WINDOW,
            "the testbed sent more input for command {} than it may",
            self.id
        );
        self.stdin_queue.extend(data);
        Ok(())
    }

    /// Notes that no more input comes.
    pub fn end_stdin(&mut self) {
        if self.terminal {
            self.stdin_queue.push_back(END_OF_TRANSMISSION);
        } else {
            self.stdin_ends = true;
        }
    }

    /// Writes what the command takes of its input now, and returns the window that the host
    /// has back.
    pub fn pump_stdin(&mut self) -> Option<ToHost> {
        let mut taken = 0;
        while let Some(stdin) = &self.stdin {
            let (bytes, _) = self.stdin_queue.as_slices();
            if bytes.is_empty() {
                break;
            }
            match write(stdin, bytes) {
                Ok(count) => {
                    self.stdin_queue.drain(..count);
                    taken += count;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                // The command has closed its input, or has ended.
                Err(_) => self.stdin = None,
            }
        }
        if self.stdin_ends && self.stdin_queue.is_empty() {
            self.stdin = None;
        }
        if self.stdin.is_none() {
            taken += self.stdin_queue.len();
            self.stdin_queue.clear();
        }
        let bytes = u32::try_from(taken).unwrap_or(u32::MAX);
        (bytes > 0).then_some(ToHost::StdinTaken { id: self.id, bytes })
    }

    /// Reads what an output holds now, at most one frame of it.
    pub fn pump_output(&mut self, output: Output) -> Option<ToHost> {
        let end = match output {
            Output::Stdout => &mut self.stdout,
            Output::Stderr => &mut self.stderr,
        };
        let fd = end.as_ref()?;
        let mut data = vec![0; DATA];
        let count = loop {
            match read(fd, &mut data) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                // A terminal's other end is closed: EIO. It is its way to say 'end'.
                Ok(0) | Err(_) => {
                    *end = None;
                    return None;
                }
                Ok(count) => break count,
            }
        };
        if self.exit.is_some() {
            self.aftermath += count;
        }
        data.truncate(count);
        let id = self.id;
        Some(match output {
            Output::Stdout => ToHost::Stdout { id, data },
            Output::Stderr => ToHost::Stderr { id, data },
        })
    }

    /// Notes how the process ended.
    pub fn ended(&mut self, exit: Exit) {
        self.exit = Some(exit);
    }

    /// How the process ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// Whether a process that outlives the command has been heard for long enough.
    pub fn is_drained(&self) -> bool {
        self.aftermath > AFTERMATH
    }

    /// Changes the size of the command's terminal, if it has one.
    pub fn resize(&self, size: TerminalSize) {
        if let Some(master) = self.stdout.as_ref().filter(|_| self.terminal) {
            // It fails only when the terminal is gone, and with it the need.
            let _ = terminal::resize(master, size);
        }
    }

    /// Sends a signal to the command's process group.
    pub fn signal(&self, signal: i32) {
        // Once it is reaped, its number may belong to another process.
        if self.exit.is_none()
            && let Ok(signal) = Signal::try_from(signal)
        {
            // It fails only when no process of the group is left.
            let _ = killpg(self.pid, signal);
        }
    }
}
