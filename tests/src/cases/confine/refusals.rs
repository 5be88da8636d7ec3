//! What is refused, and what fails between the daemon and the hook.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, chown};

use super::{rule, run, text};
use crate::case::{Case, Mode};
use crate::daemon::{Daemon, PROGRAM, Setup};
use crate::driver::Driver;
use crate::tool;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("confine::script_that_all_can_write_is_refused", || {
            is_refused(
                |script| set_mode(script, 0o777),
                "can be written by everybody; chmod go-w",
            )
        }),
        Case::new("confine::script_of_somebody_else_is_refused", || {
            is_refused(
                |script| Ok(chown(script, Some(Uid::from_raw(65_534)), None)?),
                "belongs to user 65534, who is neither root nor the daemon's user; chown root",
            )
        }),
        Case::new(
            "confine::script_in_a_folder_that_all_can_write_is_refused",
            || {
                is_refused(
                    |script| set_mode(script.parent().unwrap_or(script), 0o777),
                    "can be written by everybody; chmod go-w",
                )
            },
        ),
        Case::new("confine::script_without_interpreter_is_refused", || {
            is_refused(
                |script| Ok(fs::write(script, "#!/no/such\n")?),
                "does not exist",
            )
        }),
        Case::new("confine::user_who_does_not_exist_is_refused", unknown_user),
        Case::new(
            "confine::script_that_becomes_unsafe_is_not_started",
            becomes_unsafe,
        ),
        Case::new("confine::failed_second_stage_is_told", failed_stage),
    ]
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
}

/// Refused by the check, by the start and by a reload, each with the line and the reason.
fn is_refused(spoil: fn(&Path) -> Result<()>, reason: &str) -> Result<()> {
    let setup = Setup::new()?;
    let script = setup.script("script", "#!/bin/sh\n")?;
    let right = setup.configure(&[rule("spoiled", &[text(&script)], "")])?;
    let mut daemon = Daemon::start_until(&right, "waiting for the driver")?;
    spoil(&script)?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says(reason)?;
    daemon.says("kept the old configuration")?;
    ensure!(daemon.runs()?, "the daemon ended");
    daemon.stop()?;
    let mut refused = Daemon::start_until(&right, reason)?;
    let status = refused.wait()?;
    ensure!(status.code() == Some(1), "the daemon ended with {status}");
    let checked = Command::new(PROGRAM).arg("check").arg(&right).output()?;
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    ensure!(checked.status.code() == Some(1), "{}", checked.status);
    let place = format!("{}:5:12: the program", right.display());
    ensure!(
        said.lines()
            .any(|line| line.starts_with(&place) && line.contains(reason)),
        "{said}"
    );
    Ok(())
}

fn unknown_user() -> Result<()> {
    let setup = Setup::new()?;
    let path = setup.configure(&[rule("who", &["/bin/true"], "user = \"no-such-user\"")])?;
    let mut refused = Daemon::start_until(&path, "the user \"no-such-user\" does not exist")?;
    let status = refused.wait()?;
    ensure!(status.code() == Some(1), "the daemon ended with {status}");
    Ok(())
}

fn becomes_unsafe() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let script = setup.script("script", "#!/bin/sh\necho ran all the same\n")?;
    let daemon = Daemon::start(&setup.configure(&[rule("unsafe", &[text(&script)], "")])?)?;
    set_mode(&script, 0o777)?;
    tool::json(&["raise", "--device", "0"])?;
    let line = daemon.says("hook not started")?;
    ensure!(line.contains("chmod go-w"), "{line}");
    setup.until_finished(0, 1)?;
    ensure!(
        !daemon
            .log()
            .iter()
            .any(|line| line.contains("ran all the same"))
    );
    daemon.stop()
}

/// The script lies in a folder that only root can enter.
fn failed_stage() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let folder = tempfile::tempdir()?;
    set_mode(folder.path(), 0o700)?;
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh\n")?;
    set_mode(&script, 0o755)?;
    let daemon = run(&[rule("locked-out", &[text(&script)], "user = \"nobody\"")])?;
    let line = daemon.says("hook not started")?;
    for part in [
        "locked-out",
        "failed to start the program: Permission denied",
    ] {
        ensure!(line.contains(part), "no {part:?} in {line}");
    }
    ensure!(!daemon.log().iter().any(|line| line.contains("hook failed")));
    let failure = tool::json(&["status"])?[0]["failures"][0].clone();
    let what = failure["what"].as_str().unwrap_or_default();
    ensure!(what.starts_with("not started: "), "{failure}");
    let metrics = String::from_utf8(tool::output(&["metrics"])?.stdout)?;
    let counted = "irqcast_hooks_not_started_total{rule=\"locked-out\"} 1";
    ensure!(metrics.lines().any(|line| line == counted), "{metrics}");
    daemon.stop()
}
