//! Starting a command with pipes or a terminal.

use std::{
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use irqcast_link::Exec;
use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::signal::SigSet,
    unistd::{Pid, setsid},
};

use crate::terminal;

/// Where commands are looked up, and what they find in their environment beside what the
/// host sends.
const ENVIRONMENT: [(&str, &str); 3] = [
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("HOME", "/root"),
    ("USER", "root"),
];

/// A command that runs, and our ends of its pipes; all of them non-blocking.
pub struct Running {
    /// Its process, which leads a session and a process group of its own.
    pub pid: Pid,
    /// Its standard input, or its terminal.
    pub stdin: OwnedFd,
    /// Its standard output, or its terminal again.
    pub stdout: OwnedFd,
    /// Its standard error; with a terminal there is none.
    pub stderr: Option<OwnedFd>,
    /// Whether it has a terminal.
    pub terminal: bool,
}

/// Starts the command.
pub fn start(exec: &Exec) -> Result<Running> {
    let (program, arguments) = exec.argv.split_first().context("the command is empty")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&exec.dir)
        .env_clear()
        .envs(ENVIRONMENT)
        .envs(exec.env.iter().map(|(name, value)| (name, value)));
    let master = match exec.terminal {
        Some(size) => {
            let (master, slave) = terminal::open(size).context("failed to open a terminal")?;
            command.stdin(slave.try_clone()?);
            command.stdout(slave.try_clone()?);
            command.stderr(slave);
            Some(master)
        }
        None => {
            command.stdin(Stdio::piped());
            command.stdout(Stdio::piped());
            command.stderr(Stdio::piped());
            None
        }
    };
    let terminal = master.is_some();
    // SAFETY: between fork and exec the closure makes system calls only; it allocates
    // nothing and takes no lock.
    unsafe {
        command.pre_exec(move || {
            // PID 1 blocks SIGCHLD for its own loop; nobody else expects that.
            SigSet::empty().thread_set_mask()?;
            setsid()?;
            if terminal {
                terminal::take_control()?;
            }
            Ok(())
        });
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("failed to start {program:?} in {}", exec.dir))?;
    let pid = Pid::from_raw(i32::try_from(child.id()).context("a process ID out of range")?);
    // The child is reaped with all others, so `child` is not waited for.
    let running = match (master, child.stdin.take(), child.stdout.take()) {
        (Some(master), _, _) => Running {
            pid,
            stdin: master.try_clone()?,
            stdout: master,
            stderr: None,
            terminal,
        },
        (None, Some(stdin), Some(stdout)) => Running {
            pid,
            stdin: stdin.into(),
            stdout: stdout.into(),
            stderr: child.stderr.take().map(OwnedFd::from),
            terminal,
        },
        _ => return Err(io::Error::other("a pipe is missing").into()),
    };
    let ends = [
        Some(&running.stdin),
        Some(&running.stdout),
        running.stderr.as_ref(),
    ];
    for end in ends.into_iter().flatten() {
        set_nonblocking(end)?;
    }
    Ok(running)
}

fn set_nonblocking(end: &OwnedFd) -> Result<()> {
    // Our end of a pipe has a file description of its own, so the command does not see
    // this flag.
    let flags = OFlag::from_bits_retain(fcntl(end.as_fd(), FcntlArg::F_GETFL)?);
    fcntl(end.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
