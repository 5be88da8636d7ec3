//! `cargo testbed demo`: three interrupts, followed from the device to a hook script.
//!
//! Everything that is shown was reported by the part that it is about: the driver's
//! counters, the daemon's log, the hooks' own words.

mod act;
mod own;
mod screen;
mod stage;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use self::{act::ACTS, screen::Screen, stage::Stage};
use super::guest;
use crate::{
    cli, exit,
    prepared::Prepared,
    ui::Ui,
    vm::{
        Logs, Machine,
        initramfs::{Builder, EXECUTABLE, PLAIN},
    },
};

/// The daemon's configuration.
const CONFIG: &str = "/usr/share/irqcast/demo/irqcastd.toml";

/// The files that the demo adds to the guest, with their place and mode.
const FILES: [(&str, &[u8], u32); 5] = [
    (CONFIG, include_bytes!("../../../demo/irqcastd.toml"), PLAIN),
    (
        "/usr/share/irqcast/demo/tell",
        include_bytes!("../../../demo/hooks/tell"),
        PLAIN,
    ),
    (
        "/usr/share/irqcast/demo/raised",
        include_bytes!("../../../demo/hooks/raised"),
        EXECUTABLE,
    ),
    (
        "/usr/share/irqcast/demo/factorial",
        include_bytes!("../../../demo/hooks/factorial"),
        EXECUTABLE,
    ),
    (
        "/usr/share/irqcast/demo/dma",
        include_bytes!("../../../demo/hooks/dma"),
        EXECUTABLE,
    ),
];

/// The daemon, which is to tell of each event and of the start of each hook, too.
const DAEMON: [&str; 6] = [
    "irqcastd",
    "--log-level",
    "debug",
    "run",
    "--config",
    CONFIG,
];

/// How long a step of the demo may take before it counts as failed.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::DemoArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    options.require_minimal_guest("demo")?;
    let prepared = guest::prepare(options, &args.driver, ui)?;
    let logs = Logs::create(&prepared.cache, options.keep_log.as_deref())?;
    let result = match &prepared.own {
        Some(own) => own::play(
            &prepared,
            own,
            &args.driver.machine(None),
            &logs,
            ui,
            started,
        ),
        None => play(&prepared, &logs, ui, started),
    };
    result.or_else(|error| guest::report_lost(error, ui).map(|_| ExitCode::from(exit::FAILED)))
}

fn play(prepared: &Prepared, logs: &Logs, ui: &Ui, started: Instant) -> anyhow::Result<ExitCode> {
    let screen = Screen::new();
    let mut builder = Builder::new(prepared)?;
    for (path, content, mode) in FILES {
        builder.file(path, content, mode)?;
    }
    let step = ui.step("booting the guest and loading the driver");
    let vm = guest::boot_with_driver(prepared, &Machine::default(), &builder.finish()?, logs)?;
    // The driver probes its devices before the program that loads it ends.
    let probed = vm.started().elapsed();
    step.finish(&format!("Linux {}", vm.release()));
    let step = ui.step("starting the daemon");
    let mut stage = Stage::set(vm, &DAEMON, "ready")?;
    step.finish("irqcastd is ready");

    let mut good = 0;
    for act in &ACTS {
        screen.title(act.title, &act.line());
        match stage.play(act, &screen)? {
            Ok(()) => good += 1,
            Err(problem) => screen.problem(&problem),
        }
    }
    let vm = stage.clear()?;
    let log = vm.log().to_owned();
    vm.power_off()?;
    screen.summary(&screen::Summary {
        hooks: good,
        acts: ACTS.len(),
        probed,
        total: started.elapsed(),
        log,
    });
    Ok(ExitCode::from(match good == ACTS.len() {
        true => exit::OK,
        false => exit::FAILED,
    }))
}
