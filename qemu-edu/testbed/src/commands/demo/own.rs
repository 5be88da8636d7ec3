//! The demo of a person's own driver: it is bound to its device, and where its `raise.sh` can make that
//! interrupt, the hooks of its sample configuration run.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, ensure};
use irqcast_link::Exit;
use serde::Deserialize;

use super::{
    LIMIT,
    act::Counters,
    screen::{Screen, Summary},
    stage::Stage,
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

    let missing = ["raise.sh", "sample/irqcastd.toml"]
        .into_iter()
        .find(|file| !own.folder.join(file).exists());
    if let Some(missing) = missing {
        vm.power_off()?;
        screen.note(&format!(
            "the driver is bound, and no event was raised: it has no {missing}"
        ));
        return Ok(ExitCode::from(exit::OK));
    }
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
    let hooks = match outcome {
        Outcome::NoWay(reason) => {
            screen.note(&format!(
                "the driver is bound, and no event was raised: {reason}"
            ));
            return Ok(ExitCode::from(exit::OK));
        }
        Outcome::Problem(problem) => {
            screen.problem(&problem);
            Hooks { done: 0, all: 1 }
        }
        Outcome::Ended(hooks) => hooks,
    };
    screen.summary(&Summary {
        hooks: hooks.done,
        acts: hooks.all,
        probed,
        total: started.elapsed(),
        log,
    });
    Ok(ExitCode::from(match hooks.done == hooks.all {
        true => exit::OK,
        false => exit::FAILED,
    }))
}

/// What came of raising an interrupt.
enum Outcome {
    /// All hooks of the event have ended.
    Ended(Hooks),
    /// The driver has no way to raise one, for this reason.
    NoWay(String),
    Problem(String),
}

/// The hooks of an event.
#[derive(Debug, PartialEq, Eq)]
struct Hooks {
    /// Those that ended well.
    done: usize,
    all: usize,
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
    let outcome = wait_for_hooks(stage, start + LIMIT)?;
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

/// Waits until the daemon's log tells how the hooks of an event ended.
fn wait_for_hooks(stage: &mut Stage, deadline: Instant) -> anyhow::Result<Outcome> {
    loop {
        let lines = stage.daemon_lines.finished.iter();
        if let Some(hooks) = ended(lines.map(|(_, line)| line.as_str())) {
            return Ok(match hooks.all {
                0 => Outcome::Problem("no rule of the sample configuration is for it".to_owned()),
                _ => Outcome::Ended(hooks),
            });
        }
        match stage.vm.next(Some(deadline))? {
            Happening::Deadline => {
                let seconds = LIMIT.as_secs();
                let problem = format!("its hooks have not ended within {seconds} s");
                return Ok(Outcome::Problem(problem));
            }
            happening => stage.note(Instant::now(), happening)?,
        }
    }
}

/// The hooks of the first event in the daemon's log, once all have ended.
fn ended<'a>(log: impl Iterator<Item = &'a str>) -> Option<Hooks> {
    /// What the daemon says of a hook that has ended, the good end first.
    const ENDS: [&str; 4] = [
        "hook done",
        "hook failed",
        "hook not started",
        "hook ended by a signal",
    ];
    let (mut all, mut done, mut others) = (None, 0, 0);
    for line in log {
        if let Some((_, rules)) = line.split_once("received rules=") {
            let digits = rules.split_whitespace().next();
            all = all.or(digits.and_then(|digits| digits.parse().ok()));
        }
        match ENDS.iter().position(|end| line.contains(end)) {
            Some(0) => done += 1,
            Some(_) => others += 1,
            None => {}
        }
    }
    let all = all?;
    (done + others >= all).then_some(Hooks { done, all })
}

#[cfg(test)]
mod tests {
    use super::{Hooks, ended};

    const RECEIVED: &str = "DEBUG message{name=\"event-ntf\"}: received rules=2";

    #[test]
    fn hooks_have_ended_when_each_rule_says_so() {
        for (log, hooks) in [
            (&["INFO listening to a family"][..], None),
            (&[RECEIVED, "INFO hook done rule=a"], None),
            (
                &[RECEIVED, "INFO hook done rule=a", "INFO hook done rule=b"],
                Some(Hooks { done: 2, all: 2 }),
            ),
            (
                &[RECEIVED, "INFO hook done rule=a", "WARN hook failed rule=b"],
                Some(Hooks { done: 1, all: 2 }),
            ),
            (&["received rules=0"], Some(Hooks { done: 0, all: 0 })),
        ] {
            assert_eq!(ended(log.iter().copied()), hooks, "{log:?}");
        }
    }
}
