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
        .command
        .iter()
        .map(|argument| launch::argument(argument.fill(&fields)))
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
mod tests {
    use super::*;
    use crate::hook::family_message::FamilyMessage;
    use crate::hook::occasion::Occasion;
    use crate::hook::output::{Output, State};
    use crate::rule::{Match, Program, Template, Terms, field};
    use irqcast::Event;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::wait::{WaitStatus, waitpid};
    use std::os::fd::AsFd as _;
    use std::rc::Rc;

    fn call() -> Call {
        let occasion = Rc::new(Occasion::Event(Event {
            device: u32::MAX,
            incarnation: 0,
            address: "f".repeat(irqcast::wire::ADDRESS_MAX_LEN),
            seq: u64::MAX,
            time_ns: u64::MAX,
            cause: u32::MAX,
            factorial: Some(u32::MAX),
            dma_bytes: Some(u32::MAX),
            replayed: false,
        }));
        Call::new(&rule(&[]), &occasion, false)
    }

    fn rule(command: &[&str]) -> Rule {
        Rule {
            name: "test".to_owned(),
            matches: Match::default(),
            program: Program::literal(command),
            terms: Terms::default(),
        }
    }

    /// Runs a shell script as a hook, and returns how it ended and what it printed.
    fn run(script: &str) -> (WaitStatus, Vec<String>) {
        run_rule(&rule(&["/bin/sh", "-c", script, "hook", "two words"]))
    }

    fn run_rule(rule: &Rule) -> (WaitStatus, Vec<String>) {
        run_call(rule, &call())
    }

    fn run_call(rule: &Rule, call: &Call) -> (WaitStatus, Vec<String>) {
        let spawned = spawn(rule, call).unwrap();
        let mut output = Output::new(spawned.output);
        let mut lines = Vec::new();
        loop {
            let printed = output.read().unwrap();
            lines.extend(printed.lines.into_iter().map(|line| line.text));
            match printed.state {
                State::More => {}
                State::Ended => break,
                State::Empty => {
                    let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
                    poll(&mut fds, PollTimeout::from(10_000u16)).unwrap();
                }
            }
        }
        (waitpid(spawned.pid, None).unwrap(), lines)
    }

    #[test]
    fn arguments_input_and_environment_arrive() {
        let (status, lines) = run("echo \"$1\"; cat; env | sort; echo end >&2; exit 3");
        assert!(matches!(status, WaitStatus::Exited(_, 3)), "{status:?}");
        assert_eq!(lines[0], "two words");
        assert_eq!(lines[1], call().to_line().trim());
        let rule = rule(&[]);
        let mut expected: Vec<String> = environment::variables(&rule, &call().fields(&rule), None)
            .into_iter()
            .map(|variable| variable.into_string().unwrap())
            .collect();
        expected.sort();
        // The shell adds some of its own.
        let found: Vec<_> = lines[2..lines.len() - 1]
            .iter()
            .filter(|line| {
                !["PWD=", "OLDPWD=", "SHLVL=", "_="]
                    .iter()
                    .any(|own| line.starts_with(own))
            })
            .cloned()
            .collect();
        assert_eq!(found, expected);
        assert_eq!(lines[lines.len() - 1], "end");
    }

    #[test]
    fn process_is_clean() {
        crate::inherited::close_on_exec().unwrap();
        let (_, lines) =
            run("cat /proc/self/status; ls -l /proc/self/fd; ps -o pgid= -p $$; echo $$");
        let mask = |name: &str| {
            let line = lines.iter().find_map(|line| line.strip_prefix(name));
            u64::from_str_radix(line.unwrap().trim(), 16).unwrap()
        };
        assert_eq!(mask("SigBlk:"), 0);
        assert_eq!(mask("SigIgn:"), 0);
        assert_eq!(mask("SigCgt:"), 0);
        let [.., group, own] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert_eq!(group.trim(), own);
        // Pipes for the three standard files, and what ls itself opens: the folder.
        let files = lines.iter().filter(|line| line.contains(" -> ")).count();
        assert_eq!(files, 4, "{lines:?}");
    }

    #[test]
    fn hook_that_does_not_read_is_no_harm() {
        let (status, lines) = run("exec <&-; echo done");
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
        assert_eq!(lines, ["done"]);
    }

    #[test]
    fn long_input_arrives_whole() {
        let json = format!("\"{}\"", "x".repeat(100_000));
        let message = Occasion::Message(FamilyMessage {
            json,
            variables: Vec::new(),
        });
        let rule = rule(&["/bin/sh", "-c", "wc -c"]);
        let call = Call::new(&rule, &Rc::new(message), false);
        let (status, lines) = run_call(&rule, &call);
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
        assert_eq!(lines, ["100003"]);
    }

    #[test]
    fn program_that_others_can_write_is_not_started() {
        let folder = trust::tests::folder();
        let program = folder.path().join("hook");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&program, mode).unwrap();
        let rule = rule(&[program.to_str().unwrap()]);
        let error = spawn(&rule, &call()).err().unwrap();
        let name = program.display();
        assert_eq!(
            error.to_string(),
            format!(
                "the program is not safe: the file {name} can be written by everybody; chmod go-w {name}"
            )
        );
    }

    #[test]
    fn program_that_cannot_be_run_is_an_error() {
        let rule = rule(&["/no/such/program"]);
        let error = spawn(&rule, &call()).err().unwrap();
        assert_eq!(
            error.to_string(),
            "failed to start the program: No such file or directory"
        );
    }

    #[test]
    fn rule_sets_arguments_folder_and_input() {
        let mut rule = rule(&["/bin/sh", "-c", "pwd; echo \"$1\"; wc -c", "hook"]);
        let argument = Template::parse("{seq} of {device}", &field::all()).unwrap();
        rule.program.command.push(argument);
        rule.program.folder = Some("/usr".into());
        rule.program.input = Input::None;
        let (status, lines) = run_rule(&rule);
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
        let numbers = format!("{} of {}", u64::MAX, u32::MAX);
        assert_eq!(lines, ["/usr", &numbers, "0"]);
    }

    #[test]
    fn folder_that_is_not_there_is_an_error() {
        let mut rule = rule(&["/bin/true"]);
        rule.program.folder = Some("/no/such/folder".into());
        let error = spawn(&rule, &call()).err().unwrap();
        assert_eq!(
            error.to_string(),
            "failed to change to the rule's folder: No such file or directory"
        );
    }
}
