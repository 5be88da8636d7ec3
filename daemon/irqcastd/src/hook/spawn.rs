//! Starts a hook's process.
//!
//! `posix_spawn` is used instead of fork: it does not copy the daemon's memory map, and it reports a
//! program that cannot be run. A hook gets
//!
//! - its event or loss as one line of JSON on standard input, then end of file; or the end only,
//! - one pipe for standard output and standard error, so that their lines stay in order,
//! - no other open file: all of the daemon's are closed on exec,
//! - all signals unblocked and at their defaults,
//! - a process group of its own, so that it can be ended together with what it started,
//! - its rule's working folder or the daemon's (`/`),
//! - the daemon's user, limits and file mode mask where the rule does not say otherwise
//!   ([`super::confine`]).

use super::call::Call;
use super::confine::launch::{self, Stage};
use super::confine::own;
use super::confine::trouble::Trouble;
use super::environment;
use crate::rule::{Input, Rule};
use crate::trust::{self, Unsafe};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::SigSet;
use nix::unistd::{Pid, chdir, pipe2, write};
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Bytes that every pipe holds.
const PIPE_MIN: usize = 4096;

/// A process that was started.
pub struct Spawned {
    /// Its ID, which is that of its process group too.
    pub pid: Pid,
    /// Where it prints to; reading does not block.
    pub output: OwnedFd,
    /// Where the second stage tells that it failed, if there is one.
    pub trouble: Option<Trouble>,
}

/// Why a hook was not started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// A system call failed.
    #[error("failed to {action}: {}", source.desc())]
    System {
        /// What was tried, to follow "failed to".
        action: &'static str,
        /// Why it failed.
        source: Errno,
    },
    /// Others can change the program since the configuration was read.
    #[error("the program is not safe: {}; {}", .0.what, .0.mend)]
    Unsafe(Unsafe),
}

fn failed(action: &'static str) -> impl Fn(Errno) -> SpawnError {
    move |source| SpawnError::System { action, source }
}

/// Starts the rule's hook, and tells it of `call`.
pub fn spawn(rule: &Rule, call: &Call) -> Result<Spawned, SpawnError> {
    let fields = call.fields(rule);
    let mut arguments: Vec<CString> = rule
        .program
        .arguments(&fields)
        .map(launch::argument)
        .collect();
    let mut program = arguments[0].clone();
    let path = OsStr::from_bytes(program.as_bytes());
    if let Some(found) = trust::findings(path.as_ref()).into_iter().next() {
        return Err(SpawnError::Unsafe(found));
    }
    let input = match rule.program.input {
        Input::Json => input(&call.to_line())?,
        Input::None => input("")?,
    };
    let (output, printed) =
        pipe2(OFlag::O_CLOEXEC).map_err(failed("make a pipe for the output"))?;
    // Of this end only: a program does not expect standard output that does not block.
    fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
        .map_err(failed("make a pipe for the output"))?;

    let prepare = failed("prepare the process");
    let stage = match own::takes_stage(&rule.program.confine) {
        true => Some(Stage::prepare(&rule.program).map_err(&prepare)?),
        false => None,
    };
    let mut files = PosixSpawnFileActions::init().map_err(&prepare)?;
    files.add_dup2(input.as_raw_fd(), 0).map_err(&prepare)?;
    files.add_dup2(printed.as_raw_fd(), 1).map_err(&prepare)?;
    files.add_dup2(printed.as_raw_fd(), 2).map_err(&prepare)?;
    if let Some(stage) = &stage {
        program = launch::PROGRAM.to_owned();
        arguments.splice(0..0, stage.arguments());
        for fd in stage.files() {
            // The same number: it stays open in the child.
            files.add_dup2(fd, fd).map_err(&prepare)?;
        }
    }
    let mut attributes = PosixSpawnAttr::init().map_err(&prepare)?;
    attributes
        .set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
                | PosixSpawnFlags::POSIX_SPAWN_SETPGROUP,
        )
        .map_err(&prepare)?;
    attributes
        .set_sigdefault(&every_signal())
        .map_err(&prepare)?;
    attributes.set_sigmask(&SigSet::empty()).map_err(&prepare)?;
    attributes.set_pgroup(Pid::from_raw(0)).map_err(&prepare)?;

    let variables = environment::variables(rule, &fields, call.message());
    let start = || {
        let spawn = || {
            posix_spawn(
                program.as_c_str(),
                &files,
                &attributes,
                &arguments,
                &variables,
            )
        };
        own::lend(&rule.program.confine, spawn)
            .map_err(|errno| {
                failed("lend the process capabilities")(Errno::from_raw(errno.raw_os_error()))
            })?
            .map_err(failed("start the program"))
    };
    let pid = match &rule.program.folder {
        // The second stage goes there itself, after what it hides is hidden.
        Some(folder) if stage.is_none() => in_folder(folder, start),
        _ => start(),
    }?;
    Ok(Spawned {
        pid,
        output,
        trouble: stage.map(Stage::into_trouble),
    })
}

/// Starts a process in another folder than the daemon's, which has one thread and is back there before
/// anything else happens. Not every C library's `posix_spawn` can change the folder.
fn in_folder(
    folder: &Path,
    start: impl FnOnce() -> Result<Pid, SpawnError>,
) -> Result<Pid, SpawnError> {
    chdir(folder).map_err(failed("change to the rule's folder"))?;
    let started = start();
    chdir("/").map_err(failed("change back to the folder /"))?;
    started
}

/// Every signal, with those two that the C library keeps to itself.
///
/// glibc's `sigfillset` leaves them out, and its `posix_spawn` would start the program with them
/// ignored (sysdeps/unix/sysv/linux/spawni.c).
fn every_signal() -> SigSet {
    // SAFETY: `sigset_t` is an array of integers, for which all bits set is a value.
    let every = unsafe {
        let mut every = MaybeUninit::<libc::sigset_t>::uninit();
        every.as_mut_ptr().write_bytes(0xff, 1);
        every.assume_init()
    };
    // SAFETY: A set with bits that name no signal is one that `posix_spawn` takes: it asks for each
    // signal that there is whether the set has it.
    unsafe { SigSet::from_sigset_t_unchecked(every) }
}

/// What holds the line and is then at its end: a pipe, or for a long one a file in memory.
///
/// A short line fits the smallest pipe, so it is written before there is a reader, and the daemon never
/// waits for a hook to read.
fn input(line: &str) -> Result<OwnedFd, SpawnError> {
    if line.len() > PIPE_MIN {
        return in_memory(line).map_err(failed("make a file for the input"));
    }
    let (read, to) = pipe2(OFlag::O_CLOEXEC).map_err(failed("make a pipe for the input"))?;
    write(&to, line.as_bytes()).map_err(failed("write the input"))?;
    Ok(read)
}

/// A file in memory that holds the line, to be read from its beginning.
fn in_memory(line: &str) -> Result<OwnedFd, Errno> {
    let mut file = File::from(memfd_create(c"irqcast-hook-input", MFdFlags::MFD_CLOEXEC)?);
    let written = file.write_all(line.as_bytes()).and_then(|()| file.rewind());
    written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    Ok(file.into())
}

#[cfg(test)]
mod tests;
