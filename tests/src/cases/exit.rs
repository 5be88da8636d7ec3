//! Every exit status that the help documents, and what the programs give.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, PROGRAM as DAEMON, Setup};
use crate::driver::Driver;

const TOOL: &str = "/bin/irqcastctl";

/// Somebody who is not root.
const NOBODY: u32 = 65534;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("exit::tool_gives_what_it_documents", tool),
        Case::new("exit::daemon_gives_what_it_documents", daemon),
        Case::new("exit::check_gives_what_it_documents", check),
        Case::new("exit::explain_gives_what_it_documents", explain),
    ]
}

/// Runs a program to its end.
fn status(program: &str, arguments: &[&str]) -> Result<ExitStatus> {
    let output = Command::new(program).args(arguments).output();
    Ok(output
        .with_context(|| format!("failed to run {program}"))?
        .status)
}

/// The statuses that the help of a program's command documents, each with what it says.
fn documented(program: &str, command: &[&str]) -> Result<Vec<(i32, String)>> {
    let output = Command::new(program).args(command).arg("--help").output()?;
    let help = String::from_utf8(output.stdout)?;
    let (_, codes) = help
        .split_once("Exit codes:\n")
        .with_context(|| format!("no exit codes: {help}"))?;
    let code = |line: &str| {
        let (code, meaning) = line.trim().split_once("  ")?;
        Some((code.parse().ok()?, meaning.to_owned()))
    };
    Ok(codes.lines().filter_map(code).collect())
}

/// Each documented status is the one that was given in the case that it is documented for, which begins with
/// these words, and no case is without one.
fn hold(program: &str, command: &[&str], given: &[(&str, ExitStatus)]) -> Result<()> {
    let documented = documented(program, command)?;
    ensure!(documented.len() == given.len(), "{documented:?}");
    for (code, meaning) in documented {
        let (_, status) = given
            .iter()
            .find(|(case, _)| meaning.starts_with(case))
            .with_context(|| format!("not tried: {meaning:?}"))?;
        ensure!(
            status.code() == Some(code),
            "{meaning:?} is documented as {code}, and gives {status}"
        );
    }
    Ok(())
}

fn tool() -> Result<()> {
    let given = |arguments: &[&str]| status(TOOL, arguments);
    let without_driver = given(&["list"])?;
    let _driver = Driver::load(Mode::Msi)?;
    let mut as_nobody = Command::new(TOOL);
    as_nobody.arg("raise").uid(NOBODY).gid(NOBODY);
    let refused = as_nobody.output()?.status;
    // A DMA takes 100 ms.
    let late = given(&["dma", "64", "--device", "0", "--timeout", "1ms"])?;
    hold(
        TOOL,
        &[],
        &[
            ("done", given(&["list"])?),
            ("failed", given(&["record", "/no/such/folder/trace"])?),
            ("the command line is wrong", given(&["jump"])?),
            ("the driver is not loaded", without_driver),
            (
                "there is no such device",
                given(&["raise", "--device", "77"])?,
            ),
            ("not permitted", refused),
            ("the time limit passed", late),
            (
                "the daemon does not run",
                given(&["status", "--control-socket", "/no/such/socket"])?,
            ),
        ],
    )
}

fn daemon() -> Result<()> {
    let setup = Setup::new()?;
    let configuration = setup.configure(&[setup.rule("all", "")])?;
    let mut daemon = Daemon::start_until(&configuration, "waiting for the driver")?;
    daemon.signal(Signal::SIGTERM)?;
    let stopped = daemon.wait()?;
    hold(
        DAEMON,
        &["run"],
        &[
            ("stopped by a signal", stopped),
            (
                "failed",
                status(DAEMON, &["run", "--config", "/no/such/file"])?,
            ),
            (
                "the command line is wrong",
                status(DAEMON, &["run", "--no-such"])?,
            ),
        ],
    )
}

fn check() -> Result<()> {
    let setup = Setup::new()?;
    let right = setup.configure(&[setup.rule("all", "")])?;
    let given = |file: &str| status(DAEMON, &["check", file]);
    hold(
        DAEMON,
        &["check"],
        &[
            ("the file is right", given(&right.to_string_lossy())?),
            ("it is wrong or cannot be read", given("/no/such/file")?),
            ("the command line is wrong", status(DAEMON, &["check"])?),
        ],
    )
}

fn explain() -> Result<()> {
    const EVENT: &str =
        r#"{"device":0,"address":"0000:00:02.0","seq":1,"time_ns":12,"cause":2,"replayed":false}"#;
    let setup = Setup::new()?;
    let configuration = setup.configure(&[setup.rule("all", "")])?;
    let event = setup.path("event.json");
    fs::write(&event, EVENT)?;
    let event = event.to_string_lossy();
    let given = |file: &str| status(DAEMON, &["explain", "--config", file, &event]);
    hold(
        DAEMON,
        &["explain"],
        &[
            ("it was explained", given(&configuration.to_string_lossy())?),
            ("the configuration is wrong", given("/no/such/file")?),
            ("the command line is wrong", status(DAEMON, &["explain"])?),
        ],
    )
}
