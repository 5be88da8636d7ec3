//! Tests of how guests begin and end. They run the testbed itself and look at it from
//! outside: its exit status, its messages, and whether QEMU is still there.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;

use super::{
    bench, bench_daemon, documented, on_terminal, porting, refusals, report::Verdict, stopped_setup,
};
use crate::{
    cli::{KernelChoice, Options},
    exit,
    process::{self, Child, Interrupted},
    vm::Logs,
};

/// How long QEMU may be seen after the testbed has ended. The kernel kills it at once, but
/// that takes a moment when the machine is busy.
const QEMU_GRACE: Duration = Duration::from_secs(5);

/// A test.
pub struct Test {
    /// Its name, without the kernel's.
    pub name: &'static str,
    body: fn(&Testbed<'_>) -> anyhow::Result<()>,
}

/// All of them.
pub fn tests() -> Vec<Test> {
    let test = |name, body| Test { name, body };
    vec![
        test(
            "testbed::input_output_and_status_pass_through",
            pass_through,
        ),
        test("testbed::signal_becomes_128_and_its_number", signalled),
        test("testbed::copied_program_runs", copied),
        test("testbed::panic_is_lost", panic),
        test(
            "testbed::hang_is_lost_and_the_log_says_what_the_guest_does",
            time_limit,
        ),
        test("testbed::flooded_console_is_survived", flood),
        test("testbed::qemu_ends_when_the_testbed_is_killed", killed),
        test(
            "testbed::qemu_ends_when_the_testbed_is_killed_in_the_boot",
            killed_in_boot,
        ),
        test("testbed::ctrl_c_ends_everything", ctrl_c),
        test(
            "testbed::bench_has_figures_that_make_sense",
            bench::makes_sense,
        ),
        test(
            "testbed::bench_of_daemons_has_figures_that_make_sense",
            bench_daemon::makes_sense,
        ),
        test(
            "testbed::bench_gives_the_same_figures_twice",
            bench::repeats,
        ),
        test("testbed::shell_works_on_a_terminal", on_terminal::check),
        test(
            "testbed::shell_of_a_debian_guest_works_on_a_terminal",
            on_terminal::debian,
        ),
        test(
            "testbed::debian_guest_is_refused_where_it_cannot_be",
            refusals::debian_guest,
        ),
        test(
            "testbed::unreachable_mirror_is_told",
            refusals::unreachable_mirror,
        ),
        test(
            "testbed::wrong_kernel_trees_are_told",
            refusals::wrong_kernel_trees,
        ),
        test("testbed::wrong_drivers_are_told", refusals::wrong_drivers),
        test(
            "testbed::too_little_disk_space_is_told",
            refusals::too_little_space,
        ),
        test(
            "testbed::stopped_setup_goes_on_where_it_stopped",
            stopped_setup::check,
        ),
        test(
            "testbed::documented_commands_print_what_is_shown",
            documented::check,
        ),
        test("testbed::porting_page_leads_to_a_hook", porting::check),
    ]
}

impl Test {
    /// Runs it against the kernel.
    pub fn run(
        &self,
        options: &Options,
        kernel: KernelChoice,
        logs: &Logs,
    ) -> anyhow::Result<Verdict> {
        let testbed = Testbed {
            options,
            kernel,
            folder: logs.folder(),
        };
        match (self.body)(&testbed) {
            Ok(()) => Ok(Verdict::Passed),
            Err(error) if error.is::<Interrupted>() => Err(error),
            Err(error) => Ok(Verdict::Failed {
                summary: error.to_string(),
                details: error
                    .chain()
                    .skip(1)
                    .map(|cause| format!("{cause}\n"))
                    .collect(),
            }),
        }
    }
}

/// The program under test, with the options that lead it to the same kernel.
pub(super) struct Testbed<'a> {
    options: &'a Options,
    kernel: KernelChoice,
    folder: &'a Path,
}

/// What a finished testbed has left.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Testbed<'_> {
    /// The testbed's program with these arguments behind its options.
    pub(super) fn program(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let kernel = match (&self.options.kdir, self.kernel) {
            (Some(folder), _) => [OsStr::new("--kdir"), folder.as_os_str()],
            (None, kernel) => ["--kernel", kernel.name()].map(OsStr::new),
        };
        self.program_with(kernel, arguments)
    }

    /// The same with the stock kernel, whichever is tested.
    pub(super) fn with_stock(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let kernel = ["--kernel", KernelChoice::Stock.name()].map(OsStr::new);
        self.program_with(kernel, arguments)
    }

    fn program_with(&self, kernel: [&OsStr; 2], arguments: &[&str]) -> anyhow::Result<Command> {
        let program = std::env::current_exe().context("failed to find the testbed's program")?;
        let mut command = Command::new(program);
        command.arg("--series").arg(&self.options.series);
        command.args(kernel);
        if let Some(folder) = &self.options.cache_dir {
            command.arg("--cache-dir").arg(folder);
        }
        if let Some(mirror) = &self.options.mirror {
            command.arg("--mirror").arg(mirror);
        }
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }

    /// The same program, with a cache folder of its own and no options but the mirror.
    pub(super) fn with_cache(&self, folder: &Path, command: &str) -> anyhow::Result<Command> {
        let mut arguments = vec![OsStr::new("--cache-dir"), folder.as_os_str()];
        if let Some(mirror) = &self.options.mirror {
            arguments.extend([OsStr::new("--mirror"), OsStr::new(mirror)]);
        }
        arguments.push(OsStr::new(command));
        refusals::program(&arguments)
    }

    /// `run` with these arguments and a script for the guest's shell.
    fn command(&self, arguments: &[&str], script: &str) -> anyhow::Result<Command> {
        let run = [&["run"], arguments, &["--", "sh", "-c", script]].concat();
        self.program(&run)
    }

    /// Runs a script to its end.
    fn run(&self, arguments: &[&str], script: &str, input: &[u8]) -> anyhow::Result<Ended> {
        Self::end_of(self.command(arguments, script)?, input)
    }

    /// An empty folder beside the logs of this run.
    pub(super) fn empty_folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to make {}", folder.display()))?;
        Ok(folder)
    }

    /// Runs a command to its end.
    pub(super) fn end_of(command: Command, input: &[u8]) -> anyhow::Result<Ended> {
        let mut child = Child::spawn(command)?;
        let (mut stdin, mut stdout, mut stderr) = pipes(&mut child)?;
        let (stdout, stderr) = thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input));
            let errors = scope.spawn(move || text(&mut stderr));
            (text(&mut stdout), errors.join().unwrap_or_default())
        });
        let code = child.wait()?.code();
        Ok(Ended {
            code,
            stdout,
            stderr,
        })
    }

    /// Starts a script, and waits until the guest has printed a line.
    fn start_and_wait_for_line(&self, script: &str) -> anyhow::Result<(Child, i32)> {
        let mut child = Child::spawn(self.command(&[], script)?)?;
        let stdout = child.inner.stdout.take().context("no pipe")?;
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .context("failed to read the output")?;
        process::check()?;
        ensure!(
            line == "ready\n",
            "the guest printed {line:?} instead of a line `ready`"
        );
        let qemu = qemu_of(&child).context("the testbed runs, but no QEMU does")?;
        Ok((child, qemu))
    }
}

impl Ended {
    pub(super) fn expect(&self, code: u8, stdout: &str, message: &str) -> anyhow::Result<()> {
        let good = self.code == Some(code.into())
            && self.stdout.contains(stdout)
            && self.stderr.contains(message);
        if good {
            return Ok(());
        }
        let seen = anyhow::anyhow!(
            "exit status {:?}\nstandard output: {}\nstandard error: {}",
            self.code,
            self.stdout,
            self.stderr
        );
        Err(seen.context(format!(
            "expected exit status {code}, output with {stdout:?} and messages with {message:?}"
        )))
    }
}

fn pass_through(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    // More than the link's window, so that it has to be given back.
    let input: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let ended = testbed.run(&[], "wc -c; echo to stderr >&2; exit 7", &input)?;
    ended.expect(7, "800000\n", "to stderr\n")
}

fn signalled(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    testbed
        .run(&[], "kill -USR1 $$; sleep 10", b"")?
        .expect(128 + 10, "", "")
}

fn copied(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = testbed.folder.join("copied-program");
    fs::write(&path, "#!/bin/sh\necho copied and run\n").context("failed to write a program")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
        .context("failed to make a program executable")?;
    let path = path.to_str().context("the log folder's name is no text")?;
    testbed
        .run(&["--copy", path], "./copied-program", b"")?
        .expect(0, "copied and run\n", "")
}

fn panic(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let ended = testbed.run(&[], "echo c > /proc/sysrq-trigger; sleep 60", b"")?;
    ended.expect(exit::LOST, "", "the guest is lost: the kernel panicked: ")?;
    let marker = "kernel log: ";
    let log = ended.stderr.split_once(marker).map(|(_, log)| log.trim());
    let log = fs::read_to_string(log.context("no path of the log is printed")?)
        .context("the kernel log is not where the message says")?;
    ensure!(
        log.contains("sysrq triggered crash"),
        "the kernel log lacks the panic"
    );
    Ok(())
}

fn time_limit(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let ended = testbed.run(&["--timeout", "2"], "sleep 600", b"")?;
    ended.expect(exit::LOST, "", "the time limit of 2 s was reached")?;
    // The kernel's answer to a question that the testbed asks on the console.
    ended.expect(exit::LOST, "", "sysrq: Show Blocked State")
}

fn flood(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let script = "timeout 3 yes 'Kernel panic - not syncing: not true' > /dev/console; echo on";
    testbed.run(&[], script, b"")?.expect(0, "on\n", "")
}

fn killed(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let (mut child, qemu) = testbed.start_and_wait_for_line("echo ready; sleep 600")?;
    kill_and_watch(&mut child, qemu)
}

fn killed_in_boot(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let mut child = Child::spawn(testbed.command(&[], "true")?)?;
    let deadline = Instant::now() + Duration::from_secs(60);
    let qemu = loop {
        process::check()?;
        match qemu_of(&child) {
            Some(qemu) => break qemu,
            None if Instant::now() > deadline => bail!("the testbed has not started QEMU"),
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    kill_and_watch(&mut child, qemu)
}

/// Kills the testbed, and nothing else, and expects QEMU to go.
fn kill_and_watch(child: &mut Child, qemu: i32) -> anyhow::Result<()> {
    nix::sys::signal::kill(child.group(), Signal::SIGKILL).context("failed to kill")?;
    child.wait()?;
    expect_gone(qemu)
}

fn ctrl_c(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let (mut child, qemu) = testbed.start_and_wait_for_line("echo ready; sleep 600")?;
    nix::sys::signal::kill(child.group(), Signal::SIGINT).context("failed to send SIGINT")?;
    let started = Instant::now();
    let code = child.wait()?.code();
    ensure!(
        code == Some(130),
        "expected exit status 130 after Ctrl-C, got {code:?}"
    );
    ensure!(
        started.elapsed() < QEMU_GRACE,
        "it took {:?} to end",
        started.elapsed()
    );
    expect_gone(qemu)
}

fn expect_gone(qemu: i32) -> anyhow::Result<()> {
    let deadline = Instant::now() + QEMU_GRACE;
    while is_running(qemu) {
        ensure!(
            Instant::now() < deadline,
            "QEMU (process {qemu}) outlives the testbed"
        );
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Process ID of the QEMU that is a child of the testbed.
fn qemu_of(testbed: &Child) -> Option<i32> {
    let parent = testbed.inner.id().to_string();
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let (name, fields) = stat(pid)?;
        (name.starts_with("qemu-system") && fields.get(1) == Some(&parent)).then_some(pid)
    })
}

/// Whether the process is there and more than a zombie, which only waits for its parent.
fn is_running(pid: i32) -> bool {
    stat(pid)
        .is_some_and(|(_, fields)| !matches!(fields.first().map(String::as_str), Some("Z" | "X")))
}

/// A process's name, and the fields after it: its state, its parent, and more.
fn stat(pid: i32) -> Option<(String, Vec<String>)> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, fields) = line.rsplit_once(") ")?;
    let name = head.split_once('(')?.1.to_owned();
    Some((name, fields.split_whitespace().map(str::to_owned).collect()))
}

type Pipes = (
    std::process::ChildStdin,
    std::process::ChildStdout,
    std::process::ChildStderr,
);

fn pipes(child: &mut Child) -> anyhow::Result<Pipes> {
    let child = &mut child.inner;
    Ok((
        child.stdin.take().context("no pipe")?,
        child.stdout.take().context("no pipe")?,
        child.stderr.take().context("no pipe")?,
    ))
}

fn text(pipe: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    // What cannot be read is missed by the check that follows.
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
