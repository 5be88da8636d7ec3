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
    catalogue::OF_THE_CORE,
    plan::{Plan, Target},
    schema::{self, Mode, Run},
};
use serde::Serialize;

use self::collect::Collected;
use crate::{
    cli::{self, BenchMode, KernelChoice},
    exit,
    own_driver::OwnDriver,
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
    if args.daemon {
        return daemon::run(options, args, ui);
    }
    let own = own(args)?;
    let target = own.as_ref().map(|(_, target)| target.clone());
    let setup = Setup::new(options, ui, false)?;
    let kernels = options.kernels(&[KernelChoice::Stock]);
    let mut kernel = setup.kernel(
        options,
        *kernels.first().context("no kernel was chosen")?,
        ui,
    )?;
    let twin = match own {
        Some((own, _)) => {
            setup.own(own, &mut kernel, ui)?;
            None
        }
        None => Some(setup.twin(&kernel, ui)?),
    };
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
        target,
    };
    let started = Instant::now();
    let logs = Logs::create(&prepared.cache, options.keep_log.as_deref())?;
    let measured = guest::measure(&prepared, &args.driver, twin.as_deref(), &plan, &logs, ui)?;
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

/// A person's own driver, and what the guest is told of it.
fn own(args: &cli::BenchArgs) -> anyhow::Result<Option<(OwnDriver, Target)>> {
    let Some(folder) = &args.driver.driver else {
        return Ok(None);
    };
    let own = OwnDriver::open(folder)?;
    let raise = args.raise.context(
        "name the register that makes the device interrupt, and what to write there, with --raise [BAR:]OFFSET=VALUE: \
         the benchmark raises without the driver",
    )?;
    if let Some(path) = args
        .paths
        .iter()
        .find(|path| !OF_THE_CORE.contains(&path.as_str()))
    {
        anyhow::bail!(
            "{path} is measured with edu only; of other drivers on the core: {}",
            OF_THE_CORE.join(", ")
        );
    }
    let target = Target {
        module: own.module.clone(),
        family: own.family.clone(),
        raise,
    };
    Ok(Some((own, target)))
}

fn write_json(path: &Path, run: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(run).context("failed to write the figures")?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}
