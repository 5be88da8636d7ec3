//! Child processes that never outlive the testbed, and Ctrl-C.
//!
//! Each child leads a process group of its own and is killed by the kernel when the testbed
//! dies in whatever way. On Ctrl-C (or TERM, HUP) all groups get TERM, and KILL a second
//! later or on a second Ctrl-C. Code that waits for a child then sees it end, and reports
//! [`Interrupted`] instead of a failure.

use std::{
    collections::BTreeSet,
    fmt, io,
    os::unix::process::CommandExt,
    process::{self, Command, ExitStatus, Output, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::Context;
use nix::{
    sys::{
        prctl,
        signal::{Signal, killpg},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::exit;

/// What a child gets to end in an orderly way after Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// Number of the signal that asked the testbed to end, or 0.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Process groups of the children that run.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// The testbed was asked to end by a signal.
#[derive(Debug, Clone, Copy)]
pub struct Interrupted(i32);

impl Interrupted {
    /// Number of the signal, such as 2 for Ctrl-C.
    pub fn signal(self) -> u8 {
        u8::try_from(self.0).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Signal::try_from(self.0).map_or("a signal", Signal::as_str);
        write!(f, "stopped by {name}")
    }
}

impl std::error::Error for Interrupted {}

/// Starts listening for INT, TERM and HUP. Called once, before any child is started.
pub fn install_handlers() -> anyhow::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])
        .context("failed to install signal handlers")?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                if SIGNAL.swap(signal, Ordering::SeqCst) != 0 {
                    kill_all(Signal::SIGKILL);
                    process::exit(i32::from(exit::SIGNAL_BASE) + signal);
                }
                kill_all(Signal::SIGTERM);
                thread::spawn(|| {
                    thread::sleep(GRACE);
                    kill_all(Signal::SIGKILL);
                });
            }
        })
        .context("failed to start the thread that waits for signals")?;
    Ok(())
}

/// Fails if the testbed was asked to end. Long work calls this now and then.
pub fn check() -> Result<(), Interrupted> {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => Ok(()),
        signal => Err(Interrupted(signal)),
    }
}

/// A running child. Dropping it kills its whole process group.
#[derive(Debug)]
pub struct Child {
    /// The child itself, for its pipes. Use [`Child::wait`] instead of waiting on it directly.
    pub inner: process::Child,
    reaped: bool,
}

impl Child {
    /// Starts `command` as the leader of a new process group that dies with the testbed.
    ///
    /// May be called from any thread. The child reads from nowhere unless `command` says else.
    pub fn spawn(mut command: Command) -> anyhow::Result<Self> {
        command.process_group(0);
        let parent = nix::unistd::getpid();
        let hook = move || {
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            // The testbed may have died before the line above: then no signal comes.
            if nix::unistd::getppid() == parent {
                Ok(())
            } else {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        };
        // SAFETY: the hook makes two system calls and builds no value on the heap, so it is
        // sound between fork and exec, when another thread may hold the allocator's lock.
        unsafe { command.pre_exec(hook) };
        let name = command.get_program().to_string_lossy().into_owned();
        let inner = spawn_on_lasting_thread(command).map_err(|error| {
            if error.is::<Interrupted>() {
                error
            } else {
                error.context(format!("failed to start {name}"))
            }
        })?;
        Ok(Self {
            inner,
            reaped: false,
        })
    }

    /// Process group of the child, equal to its process ID.
    pub fn group(&self) -> Pid {
        Pid::from_raw(self.inner.id().cast_signed())
    }

    /// Waits until the child has ended, and kills what it left running.
    ///
    /// Fails with [`Interrupted`] if the testbed was asked to end meanwhile.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self.reap().context("failed to wait for a child process")?;
        check()?;
        Ok(status)
    }

    /// Sends `signal` to the child and all its descendants in the group.
    pub fn signal(&self, signal: Signal) {
        // A group that is already gone is what the caller wants.
        let _ = killpg(self.group(), signal);
    }

    fn reap(&mut self) -> io::Result<ExitStatus> {
        // What the child left running would keep its pipes open, and their reader waiting. The
        // group's number cannot be taken by others before the child is reaped.
        waitid(
            Id::Pid(self.group()),
            WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT,
        )?;
        self.signal(Signal::SIGKILL);
        let status = self.inner.wait()?;
        self.forget_group();
        Ok(status)
    }

    fn forget_group(&mut self) {
        if !self.reaped {
            self.reaped = true;
            groups().remove(&self.group().as_raw());
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(Signal::SIGKILL);
            let _ = self.reap();
        }
    }
}

/// Runs `command` to its end and returns what it printed. For programs that print little.
pub fn output(mut command: Command) -> anyhow::Result<Output> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = Child::spawn(command)?;
    let mut stderr = child.inner.stderr.take();
    let mut stdout = child.inner.stdout.take();
    let (status, stdout, stderr) = thread::scope(|scope| {
        let errors = scope.spawn(move || read_all(stderr.as_mut()));
        let output = scope.spawn(move || read_all(stdout.as_mut()));
        let status = child.wait();
        (
            status,
            output.join().unwrap_or_default(),
            errors.join().unwrap_or_default(),
        )
    });
    let status = status?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// As [`output`], for a program that must not be stopped half-way, such as dpkg: neither Ctrl-C
/// nor the testbed's death reaches it.
pub fn output_to_the_end(command: &mut Command) -> anyhow::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).process_group(0);
    command
        .output()
        .with_context(|| format!("failed to start {name}"))
}

fn read_all(pipe: Option<&mut impl io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A pipe that breaks ends the output; the exit status tells the rest.
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

fn groups() -> MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill_all(signal: Signal) {
    for &group in groups().iter() {
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

type Request = (Command, mpsc::Sender<anyhow::Result<process::Child>>);

/// Starts children on one thread that lives as long as the process: the kernel sends the
/// parent-death signal when the *thread* that forked ends, not only the process.
fn spawn_on_lasting_thread(command: Command) -> anyhow::Result<process::Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        thread::spawn(move || {
            for (mut command, reply) in requests {
                let _ = reply.send(spawn_registered(&mut command));
            }
        });
        sender
    });
    let (sender, reply) = mpsc::channel();
    spawner
        .send((command, sender))
        .context("the thread that starts programs is gone")?;
    reply
        .recv()
        .context("the thread that starts programs is gone")?
}

fn spawn_registered(command: &mut Command) -> anyhow::Result<process::Child> {
    // Held over the start, so that a signal finds either no child or a registered one.
    let mut groups = groups();
    check()?;
    let child = command.spawn()?;
    groups.insert(child.id().cast_signed());
    Ok(child)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_keeps_both_streams_and_the_status() {
        let output = output(shell("echo out; echo err >&2; exit 3")).unwrap();
        assert_eq!(output.stdout, b"out\n");
        assert_eq!(output.stderr, b"err\n");
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn dropped_child_takes_its_descendants_along() {
        let mut command = shell("sleep 1000 & echo started; wait");
        command.stdout(Stdio::piped());
        let mut child = Child::spawn(command).unwrap();
        let mut stdout = child.inner.stdout.take().unwrap();
        let started = Instant::now();
        drop(child);
        // The pipe ends when the last holder of it, the sleep, is gone.
        io::copy(&mut stdout, &mut io::sink()).unwrap();
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for() {
        let started = Instant::now();
        let output = output(shell("sleep 1000 & echo done; exit 4")).unwrap();
        assert_eq!(
            (output.stdout.as_slice(), output.status.code()),
            (&b"done\n"[..], Some(4))
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn child_of_a_finished_thread_lives_on() {
        let child = thread::spawn(|| Child::spawn(shell("sleep 0.3; exit 7")).unwrap()).join();
        assert_eq!(child.unwrap().wait().unwrap().code(), Some(7));
    }

    #[test]
    fn missing_program_is_named() {
        let error = output(Command::new("irqcast-no-such-program")).unwrap_err();
        assert!(format!("{error:#}").contains("irqcast-no-such-program"));
    }
}
