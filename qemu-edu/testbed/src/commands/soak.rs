//! `cargo testbed soak`: the long forms of the tests that run in guests, and the mutants.

mod mutants;

use std::{process::ExitCode, time::Instant};

use anyhow::bail;

use super::test::{
    list::Form,
    report::Report,
    vm::{self, Plan},
};
use crate::{
    cli::{self, KernelChoice},
    exit,
    setup::Setup,
    ui::Ui,
    vm::Logs,
};

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::SoakArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    let filter = args.filter.as_deref().unwrap_or_default();
    let setup = Setup::new(options, ui, false)?;
    let choices = options.kernels(&[match filter.contains(mutants::PREFIX) {
        true => mutants::KERNEL,
        false => KernelChoice::Stock,
    }]);
    let matches = |name: &str| name.contains(filter);
    let form = Form::Long(args.count);
    let plans = vm::plan(&setup, &choices, options.guest, form, &matches)?;
    let trials = mutants::plan(setup.workspace(), &choices, &matches)?;
    if plans.is_empty() && trials.is_empty() {
        bail!(
            "no test with a long form has {filter:?} in its name and is for this kernel; \
             `cargo testbed soak --list` prints them all"
        );
    }
    if args.list {
        plans
            .iter()
            .flat_map(Plan::names)
            .chain(trials.names())
            .for_each(|name| println!("{name}"));
        return Ok(ExitCode::from(exit::OK));
    }
    let kernels = plans
        .iter()
        .map(|plan| plan.prepare(&setup, options, ui))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let logs = Logs::create(setup.cache().folder(), options.keep_log.as_deref())?;
    let mut report = Report::default();
    let start = Instant::now();
    loop {
        for (plan, kernel) in plans.iter().zip(&kernels) {
            plan.run(&setup, options, &kernel.prepared, &logs, ui, &mut report)?;
        }
        trials.run(options, &setup, &logs, ui, &mut report)?;
        if args.time.is_none_or(|time| start.elapsed() >= time) {
            break;
        }
    }
    report.note(&format!(
        "\nlogs of the guests: {}",
        logs.folder().display()
    ));
    Ok(ExitCode::from(match report.finish() {
        true => exit::OK,
        false => exit::FAILED,
    }))
}
