//! Seeing into the daemon: the control socket, metrics and traces.

use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::fstat;
use nix::unistd::{Pid, pipe};
use serde_json::Value;

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, PROGRAM, STATE, Setup};
use crate::driver::{self, Driver};
use crate::monitor::{Monitor, joined_a_group};
use crate::{tool, wait};

/// Somebody who is not root, and a group of the guest that they may be in.
const NOBODY: u32 = 65534;
const READERS: (&str, u32) = ("tty", 5);

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("control::status_and_metrics_tell_what_ran", tell_what_ran),
        Case::new("control::others_read_with_the_group_only", others_read),
        Case::new("control::recorded_trace_is_replayed", trace_is_replayed),
        Case::new("control::dry_run_starts_nothing", dry_run),
        Case::new("control::monitor_shows_what_fits", monitor_filters),
        Case::new("control::journal_gets_fields", journal_gets_fields),
    ]
}

fn one(arguments: &[&str]) -> Result<Value> {
    let mut objects = tool::json(arguments)?;
    ensure!(objects.len() == 1, "{arguments:?} printed {objects:?}");
    Ok(objects.remove(0))
}

fn counted(status: &Value, name: &str) -> Value {
    status["counters"][format!("irqcast_{name}_total")].clone()
}

fn tell_what_ran() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let fails = setup.script("fails", "#!/bin/sh\nexit 3\n")?;
    let rules = [
        setup.rule("good", ""),
        setup.rule_running("fails", "device = 0", &fails),
    ];
    let path = setup.configure(&rules)?;
    let metrics = setup.path("irqcast.prom");
    let text = std::fs::read_to_string(&path)?;
    let head = format!("[metrics]\nfile = {metrics:?}\ninterval = 1\n");
    std::fs::write(&path, head + &text)?;
    let daemon = Daemon::start(&path)?;
    for seq in 1..=3 {
        tool::json(&["raise", "--device", "0"])?;
        setup.ran("good", 0, seq)?;
    }
    let status = wait::until("all hooks to have ended", || {
        let status = one(&["status"])?;
        let ended = status["failures"].as_array().map(Vec::len) == Some(3)
            && status["running"].as_array().is_some_and(Vec::is_empty);
        Ok(ended.then_some(status))
    })?;
    ensure!(status["joined"] == true && status["rules"] == 2, "{status}");
    ensure!(counted(&status, "events_received") == 3, "{status}");
    ensure!(counted(&status, "events_lost") == 0, "{status}");
    ensure!(status["failures"][0]["what"] == "exit status 3", "{status}");
    ensure!(status["failures"][0]["seq"] == 3, "{status}");
    for line in [
        "irqcast_events_received_total 3",
        "irqcast_driver_joined 1",
        "irqcast_hooks_ended_total{rule=\"good\",end=\"done\"} 3",
        "irqcast_hooks_ended_total{rule=\"fails\",end=\"failed\"} 3",
        "irqcast_hook_duration_seconds_count{rule=\"good\"} 3",
    ] {
        wait::until(&format!("{line} in the file"), || {
            let text = std::fs::read_to_string(&metrics).unwrap_or_default();
            Ok(text.lines().any(|found| found == line).then_some(()))
        })?;
        let output = tool::output(&["metrics"])?;
        let text = String::from_utf8(output.stdout)?;
        ensure!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    daemon.stop()
}

fn as_nobody(group: u32, arguments: &[&str]) -> Result<Output> {
    Command::new("/bin/irqcastctl")
        .args(arguments)
        .uid(NOBODY)
        .gid(group)
        .output()
        .context("failed to run irqcastctl")
}

fn others_read() -> Result<()> {
    let (name, group) = READERS;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let check = |group, arguments: &[&str], code, part: &str| {
        let output = as_nobody(group, arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(code) && said.contains(part),
            "{arguments:?} with group {group} ended with {}: {said}",
            output.status
        );
        Ok(())
    };
    let daemon = Daemon::start(&path)?;
    check(NOBODY, &["status"], 5, "[control] group")?;
    let text = std::fs::read_to_string(&path)?;
    std::fs::write(&path, format!("control.group = {name:?}\n{text}"))?;
    one(&["reload"])?;
    check(group, &["status"], 0, "")?;
    check(group, &["metrics"], 0, "")?;
    check(group, &["reload"], 5, "you may only read")?;
    check(NOBODY, &["status"], 5, &format!("--groups {name}"))?;
    daemon.stop()
}

/// Starts to record, and waits until nothing that comes can be missed.
fn recording(file: &str, count: &str) -> Result<Child> {
    let child = Command::new("/bin/irqcastctl")
        .args(["record", "--count", count, file])
        .spawn()
        .context("failed to run irqcastctl record")?;
    wait::until("the recorder to join the group", || {
        Ok(joined_a_group(child.id())?.then_some(()))
    })?;
    Ok(child)
}

fn trace_is_replayed() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let trace = setup.path("trace.jsonl");
    let file = trace.to_str().context("the path is text")?;
    let mut recorder = recording(file, "2")?;
    let mut told = tool::json(&["raise", "--device", "0", "--bits", "0x10"])?;
    told.extend(tool::json(&["factorial", "5", "--device", "0"])?);
    let status = recorder.wait()?;
    ensure!(status.success(), "record ended with {status}");
    let text = std::fs::read_to_string(&trace)?;
    let recorded: Vec<Value> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(recorded == told, "{recorded:?} was recorded of {told:?}");
    let rules = [setup.rule("all", ""), setup.rule("sum", "factorial = 120")];
    let daemon = Daemon::start(&setup.configure(&rules)?)?;
    let explained = tool::output(&["explain", file])?;
    ensure!(explained.status.code() == Some(1), "two lines are no event");
    let replayed = tool::json(&["replay", file])?;
    ensure!(
        replayed[0]["rules"] == serde_json::json!(["all"])
            && replayed[1]["rules"] == serde_json::json!(["all", "sum"]),
        "{replayed:?}"
    );
    for (rule, seq) in [("all", 1), ("all", 2), ("sum", 2)] {
        let given = setup.ran(rule, 0, seq)?;
        ensure!(given.contains(&"IRQCAST_TRACE=1".to_owned()), "{given:?}");
    }
    let before = counted(&one(&["status"])?, "trace_items");
    ensure!(before == 2, "{before} items of traces were counted");
    // The state knows nothing of the trace: the next event runs its hook, as if none had run before.
    tool::json(&["raise", "--device", "0"])?;
    let given = setup.ran("all", 0, 3)?;
    ensure!(
        !given.iter().any(|line| line.contains("TRACE")),
        "{given:?}"
    );
    setup.until_finished(0, 3)?;
    daemon.stop()
}

fn dry_run() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let daemon = Daemon::start_with(&path, &["--dry-run".as_ref()], "ready")?;
    tool::json(&["raise", "--device", "0"])?;
    let line = daemon.says("would run")?;
    ensure!(
        line.contains("rule=\"all\"") && line.contains("seq=1"),
        "{line}"
    );
    daemon.stop()?;
    ensure!(setup.order()?.is_empty(), "{:?}", setup.order()?);
    Ok(())
}

fn monitor_filters() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let second = Driver::bound()?[1].clone();
    let filters: [(&[&str], [u64; 2]); 3] = [
        (&["--cause-any", "0x30"], [0, 1]),
        (&["--cause-all", "0x30"], [1, 2]),
        (&["--address", &second], [2, 3]),
    ];
    let mut monitors = Vec::new();
    for (filter, expected) in filters {
        monitors.push((Monitor::start_with(filter)?, filter, expected));
    }
    let mut told = Vec::new();
    for (device, bits) in [("0", "0x10"), ("0", "0x30"), ("1", "0x70"), ("1", "0x80")] {
        told.extend(tool::json(&["raise", "--device", device, "--bits", bits])?);
    }
    for (monitor, filter, expected) in &mut monitors {
        for wanted in expected {
            let event = monitor.next()?;
            let wanted = &told[usize::try_from(*wanted)?];
            ensure!(event == *wanted, "{filter:?} showed {event}, not {wanted}");
        }
    }
    let mut child = recording("/dev/null", "1000")?;
    kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM)?;
    let status = child.wait()?;
    ensure!(
        status.success(),
        "record ended with {status} when asked to end"
    );
    Ok(())
}

/// With a socket in the place of systemd's journal, and a pipe that is said to be its stream.
fn journal_gets_fields() -> Result<()> {
    const FOLDER: &str = "/run/systemd/journal";
    driver::unload_if_loaded()?;
    std::fs::create_dir_all(FOLDER)?;
    let journal = UnixDatagram::bind(format!("{FOLDER}/socket"))?;
    journal.set_read_timeout(Some(wait::LIMIT))?;
    let says = |message: &str| -> Result<String> {
        loop {
            let mut buffer = [0; 4096];
            let length = journal.recv(&mut buffer)?;
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.contains(message) {
                return Ok(text);
            }
        }
    };
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let (_read, stream) = pipe()?;
    let file = fstat(&stream)?;
    let mut child = Command::new(PROGRAM)
        .args(["run", "--config"])
        .arg(&path)
        .arg("--state-dir")
        .arg(setup.path(STATE))
        .env("JOURNAL_STREAM", format!("{}:{}", file.st_dev, file.st_ino))
        .stderr(stream)
        .spawn()
        .context("failed to run irqcastd")?;
    says("waiting for the driver")?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    kill(pid, Signal::SIGHUP)?;
    let took = says("took the configuration")?;
    ensure!(
        took.contains("IRQCAST_RULES")
            && took.contains("SYSLOG_IDENTIFIER")
            && took.contains("took the configuration rules=1"),
        "{took}"
    );
    kill(pid, Signal::SIGTERM)?;
    let status = child.wait()?;
    ensure!(status.success(), "the daemon ended with {status}");
    std::fs::remove_dir_all("/run/systemd")?;
    Ok(())
}
