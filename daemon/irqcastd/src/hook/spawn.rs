//! Starts a hook's process.
//!
//! Its process is made by [`super::child`]. A hook gets
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
use super::child::{Child, Start, Starting};
use super::confine::launch::{self, Stage};
use super::confine::own;
use super::confine::trouble::Trouble;
use super::environment;
use super::output::Output;
use crate::rule::{Input, Rule};
use crate::trust::{self, Unsafe};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{pipe2, write};
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::time::{Duration, Instant};

/// Bytes that every pipe holds.
const PIPE_MIN: usize = 4096;

/// A process that was started.
pub struct Spawned {
    /// The process.
    pub child: Child,
    /// What it uses until its program runs, and why that does not, if so.
    pub starting: Starting,
    /// What it prints.
    pub output: Output,
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

/// For so long what was found of a program holds. Nobody whom it does not trust can change it meanwhile, so
/// this is as good as between the look and the start.
const TRUSTED_FOR: Duration = Duration::from_millis(10);

/// The program that was looked at last and found safe.
#[derive(Default)]
pub struct Trusted(Option<(CString, Instant)>);

impl Trusted {
    fn look(&mut self, program: &CString) -> Result<(), SpawnError> {
        let now = Instant::now();
        if let Some((known, since)) = &self.0
            && known == program
            && now.duration_since(*since) < TRUSTED_FOR
        {
            return Ok(());
        }
        let path = OsStr::from_bytes(program.as_bytes());
        match trust::findings(path.as_ref()).into_iter().next() {
            Some(found) => Err(SpawnError::Unsafe(found)),
            None => {
                self.0 = Some((program.clone(), now));
                Ok(())
            }
        }
    }
}

/// Starts the rule's hook, and tells it of `call`.
pub fn spawn(rule: &Rule, call: &Call, trusted: &mut Trusted) -> Result<Spawned, SpawnError> {
    let fields = call.fields(rule);
    let mut arguments: Vec<CString> = rule
        .program
        .arguments(&fields)
        .map(launch::argument)
        .collect();
    let mut program = arguments[0].clone();
    trusted.look(&program)?;
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
    let mut files: Vec<(RawFd, RawFd)> = vec![
        (input.as_raw_fd(), libc::STDIN_FILENO),
        (printed.as_raw_fd(), libc::STDOUT_FILENO),
        (printed.as_raw_fd(), libc::STDERR_FILENO),
    ];
    let mut folder = rule.program.folder.as_deref();
    if let Some(stage) = &stage {
        program = launch::PROGRAM.to_owned();
        arguments.splice(0..0, stage.arguments());
        files.extend(stage.files().map(|fd| (fd, fd)));
        // The second stage goes there itself, after what it hides is hidden.
        folder = None;
    }
    let folder = folder.map(|folder| CString::new(folder.as_os_str().as_bytes()));
    let folder = folder
        .transpose()
        .map_err(|_| failed("change to the rule's folder")(Errno::EINVAL))?;

    let start = Start {
        program,
        arguments,
        variables: environment::variables(rule, &fields, call.message()),
        files,
        folder,
    };
    let (child, starting) = own::lend(&rule.program.confine, || start.run())
        .map_err(|errno| {
            failed("lend the process capabilities")(Errno::from_raw(errno.raw_os_error()))
        })?
        .map_err(failed("make a process"))?;
    Ok(Spawned {
        child,
        starting,
        output: Output::new(output, printed),
        trouble: stage.map(Stage::into_trouble),
    })
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
