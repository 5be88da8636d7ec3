//! What the daemon keeps for itself and for its rules.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::{run, shell};
use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::tool;

/// Numbers of capabilities.
const KILL: u32 = 5;
const SETGID: u32 = 6;
const SETUID: u32 = 7;
const NET_ADMIN: u32 = 12;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("confine::daemon_keeps_what_it_needs", keeps_what_it_needs),
        Case::new(
            "confine::daemon_keeps_what_its_rules_need",
            keeps_what_rules_need,
        ),
        Case::new(
            "confine::rules_that_need_more_take_a_restart",
            more_takes_a_restart,
        ),
        Case::new("confine::hook_of_another_user_is_ended", ends_another_users),
    ]
}

/// Capabilities of the daemon: permitted, effective, and those that it could still get.
fn capabilities(daemon: &Daemon) -> Result<[u64; 3]> {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id()))?;
    let set = |name: &str| -> Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        Ok(u64::from_str_radix(
            line.context("no such line")?.trim(),
            16,
        )?)
    };
    Ok([set("CapPrm:")?, set("CapEff:")?, set("CapBnd:")?])
}

fn bits(numbers: &[u32]) -> u64 {
    numbers.iter().map(|number| 1 << number).sum()
}

fn keeps_what_it_needs() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let daemon = run(&[shell("plain", "true", "")])?;
    let found = capabilities(&daemon)?;
    ensure!(found == [bits(&[NET_ADMIN]); 3], "{found:x?}");
    daemon.stop()
}

fn keeps_what_rules_need() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let daemon = run(&[shell("other", "true", "user = \"nobody\"")])?;
    let kept = bits(&[NET_ADMIN, KILL, SETGID, SETUID]);
    let used = bits(&[NET_ADMIN, KILL]);
    let found = capabilities(&daemon)?;
    ensure!(found == [kept, used, kept], "{found:x?}");
    daemon.stop()
}

fn more_takes_a_restart() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("old", "")])?)?;
    let path = setup.configure(&[shell("new", "id -u", "user = \"nobody\"")])?;
    daemon.signal(Signal::SIGHUP)?;
    let line = daemon.says("cannot take the configuration")?;
    for part in ["new", "CAP_SETUID", "`user`", "restart"] {
        ensure!(line.contains(part), "no {part} in {line}");
    }
    daemon.says("kept the old configuration")?;
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("old", 0, 1)?;
    daemon.stop()?;
    let daemon = Daemon::start(&path)?;
    tool::json(&["raise", "--device", "0"])?;
    daemon.says("line=\"65534\"")?;
    daemon.stop()
}

fn ends_another_users() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let rules = [shell(
        "sleeps",
        "echo awake; sleep 1000",
        "user = \"nobody\"",
    )];
    let daemon = Daemon::start(&setup.configure_limited("stop-grace = 0", &rules)?)?;
    tool::json(&["raise", "--device", "0"])?;
    daemon.says("awake")?;
    daemon.signal(Signal::SIGTERM)?;
    daemon.says("hook ended by a signal")?;
    daemon.says("stopped").map(drop)
}
