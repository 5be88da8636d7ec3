//! `cargo testbed bench`.

mod collect;
mod daemon;
mod guest;
mod surroundings;

use std::{
    fs,
    path::Path,
    process::ExitCode,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use irqcast_bench::{
    plan::Plan,
    schema::{self, Mode, Run},
};
use serde::Serialize;

use self::collect::Collected;
use crate::{
    cli::{self, BenchMode, KernelChoice},
    exit,
    presentation::{html, table},
    setup::Setup,
    ui::Ui,
    vm::Logs,
};

/// Samples that come before those that count: caches, branch predictors and the kernel's
/// lazily made things have settled by then.
const WARM_UP: u32 = 100;

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::BenchArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    options.require_minimal_guest("bench")?;
    anyhow::ensure!(
        args.driver.driver.is_none(),
        "`bench` raises interrupts by the registers of edu, and cannot measure another driver; to see when \
         each event of yours was made, run `cargo testbed run --driver DIR --qemu-device DEVICE -- irqcastctl \
         --family NAME raise --count 100 --json`"
    );
    if args.daemon {
        return daemon::run(options, args, ui);
    }
    let setup = Setup::new(options, ui, false)?;
    let kernels = options.kernels(&[KernelChoice::Stock]);
    let kernel = setup.kernel(
        options,
        *kernels.first().context("no kernel was chosen")?,
        ui,
    )?;
    let twin = setup.twin(&kernel, ui)?;
    setup.keep_until_exit();
    let prepared = kernel.prepared;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let plan = Plan {
        mode: match args.mode {
            BenchMode::Wall => Mode::Wall,
            BenchMode::Icount => Mode::Icount,
        },
        paths: args.paths.clone(),
        samples: args.samples,
        warm_up: WARM_UP.min(args.samples),
        seed: args.seed.unwrap_or(match args.mode {
            // Two runs of one build are to give the same figures.
            BenchMode::Icount => 1,
            BenchMode::Wall => now.as_secs(),
        }),
        latency_only: args.latency_only,
    };
    let started = Instant::now();
    let logs = Logs::create(&prepared.cache, options.keep_log.as_deref())?;
    let measured = guest::measure(&prepared, &twin, &plan, &logs, ui)?;
    let Collected {
        paths,
        storms,
        skipped,
    } = measured.collected;
    let run = Run {
        schema: schema::VERSION,
        kernel: measured.kernel,
        machine: measured.machine,
        mode: plan.mode,
        seed: plan.seed,
        samples: plan.samples,
        warm_up: plan.warm_up,
        started: now.as_secs(),
        seconds: started.elapsed().as_secs_f64(),
        paths,
        storms,
        skipped,
    };
    if let Some(path) = &args.json {
        write_json(path, &run)?;
    }
    if let Some(path) = &args.html {
        fs::write(path, html::render(&run)?)
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    table::print(&run);
    Ok(ExitCode::from(match run.skipped.is_empty() {
        true => exit::OK,
        false => exit::FAILED,
    }))
}

fn write_json(path: &Path, run: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(run).context("failed to write the figures")?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}
