//! The demo of a person's own driver: it is bound to its device, and where its `raise.sh` can make that
//! interrupt, the hook of its sample configuration runs.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use irqcast_link::Exit;
use serde::Deserialize;

use super::{
    AFTERWARDS, LIMIT, Stage,
    act::Counters,
    screen::{Screen, Summary},
};
use crate::{
    commands::guest,
    exit,
    own_driver::OwnDriver,
    prepared::Prepared,
    ui::Ui,
    vm::{Happening, Invocation, Logs, Machine, Vm, initramfs::Builder},
};

/// Exit status of a `raise.sh` that has no way to make the device interrupt yet.
const NO_WAY: Exit = Exit::Status(77);

/// Where the daemon of the demo keeps what it has done.
const STATE: &str = "/run/irqcast-demo-state";

/// A device that the driver is bound to, as `irqcastctl --json list` prints it.
#[derive(Deserialize)]
struct Bound {
    device: u32,
    address: String,
}

/// Plays it.
pub fn play(
    prepared: &Prepared,
    own: &OwnDriver,
    machine: &Machine,
    logs: &Logs,
    ui: &Ui,
    started: Instant,
) -> anyhow::Result<ExitCode> {
    let screen = Screen::new();
    let step = ui.step("booting the guest and loading the driver");
    let initramfs = Builder::new(prepared)?.finish()?;
    let mut vm = guest::boot_with_driver(prepared, machine, &initramfs, logs)?;
    let probed = vm.started().elapsed();
    step.finish(&format!("Linux {}", vm.release()));
    let list = ["irqcastctl", "--family", &own.family, "--json", "list"];
    show_bound(&mut vm, own, &list, &screen)?;

    let configuration = own.configuration();
    let daemon = [
        "irqcastd",
        "--log-level",
        "debug",
        "run",
        "--config",
        &configuration,
        "--state-dir",
        STATE,
    ];
    let step = ui.step("starting the daemon");
    let mut stage = Stage::set(vm, &daemon, "listening to a family")?;
    step.finish("irqcastd listens");
    let outcome = raise(&mut stage, own, &list, &screen)?;
    let vm = stage.clear()?;
    let log = vm.log().to_owned();
    vm.power_off()?;
    let summary = |hooks| Summary {
        hooks,
        acts: 1,
        probed,
        total: started.elapsed(),
        log,
    };
    match outcome {
        Outcome::HookRan => screen.summary(&summary(1)),
        Outcome::NoWay(reason) => screen.note(&format!(
            "the driver is bound, and no event was raised: {reason}"
        )),
        Outcome::Problem(problem) => {
            screen.problem(&problem);
            screen.summary(&summary(0));
            return Ok(ExitCode::from(exit::FAILED));
        }
    }
    Ok(ExitCode::from(exit::OK))
}

/// What came of raising an interrupt.
enum Outcome {
    HookRan,
    /// The driver has no way to raise one, for this reason.
    NoWay(String),
    Problem(String),
}

/// Shows what the driver is bound to; fails if that is nothing.
fn show_bound(vm: &mut Vm, own: &OwnDriver, list: &[&str], screen: &Screen) -> anyhow::Result<()> {
    let listed = vm.run(Invocation::new(list.iter().copied()), LIMIT, |_| {})?;
    ensure!(
        listed.exit.success(),
        "`{}` failed: {}",
        list.join(" "),
        listed.text().trim()
    );
    let text = listed.text();
    ensure!(
        !text.trim().is_empty(),
        "{} is bound to no device: does --qemu-device name one with the IDs in {}? The kernel's log is in {}",
        own.module,
        own.folder.join("device.rs").display(),
        vm.log().display()
    );
    screen.title(&format!("{} is loaded", own.module), &list.join(" "));
    for line in text.lines() {
        let bound: Bound = serde_json::from_str(line)
            .with_context(|| format!("`{}` printed: {line}", list.join(" ")))?;
        let Bound { device, address } = bound;
        screen.fact("driver", &format!("device {device} is bound, at {address}"));
    }
    Ok(())
}

/// Runs `raise.sh` and follows the event.
fn raise(
    stage: &mut Stage,
    own: &OwnDriver,
    list: &[&str],
    screen: &Screen,
) -> anyhow::Result<Outcome> {
    if !own.folder.join("raise.sh").exists() {
        return Ok(Outcome::NoWay("it has no raise.sh".to_owned()));
    }
    screen.title("The device is made to interrupt", "sh raise.sh");
    let before = counters(stage, list)?;
    let start = Instant::now();
    let raised = stage.command(&["sh", &own.script("raise.sh")])?;
    let text = raised.text().trim().to_owned();
    match raised.exit {
        NO_WAY => return Ok(Outcome::NoWay(text)),
        exit if !exit.success() => {
            return Ok(Outcome::Problem(format!(
                "raise.sh ended with {exit}: {text}"
            )));
        }
        _ => {}
    }
    let said = vec![(Instant::now(), "raise", text)];
    let outcome = wait_for_hook(stage, start + LIMIT)?;
    let after = counters(stage, list)?;
    screen.fact("netlink", &after.since(&before));
    screen.said(start, stage.daemon_says(said));
    Ok(outcome)
}

fn counters(stage: &mut Stage, list: &[&str]) -> anyhow::Result<Counters> {
    let text = stage.command(list)?.text();
    serde_json::from_str(text.lines().next().unwrap_or_default())
        .with_context(|| format!("`{}` printed: {text}", list.join(" ")))
}

/// Waits until the daemon's log tells how a hook ended.
fn wait_for_hook(stage: &mut Stage, deadline: Instant) -> anyhow::Result<Outcome> {
    loop {
        let mut lines = stage.daemon_lines.finished.iter().map(|(_, line)| line);
        let ended = lines.find_map(|line| {
            let endings = [
                "hook done",
                "hook failed",
                "hook not started",
                "hook ended by a signal",
            ];
            endings.into_iter().find(|ending| line.contains(ending))
        });
        match ended {
            Some("hook done") => {
                stage.listen_for(AFTERWARDS)?;
                return Ok(Outcome::HookRan);
            }
            Some(other) => return Ok(Outcome::Problem(format!("the daemon says: {other}"))),
            None => {}
        }
        match stage.vm.next(Some(deadline))? {
            Happening::Deadline => {
                let seconds = Duration::as_secs(&LIMIT);
                return Ok(Outcome::Problem(format!("no hook ran within {seconds} s")));
            }
            happening => stage.note(Instant::now(), happening)?,
        }
    }
}
