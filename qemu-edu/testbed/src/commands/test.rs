//! `cargo testbed test`.

mod bench;
mod bench_daemon;
mod documented;
mod group;
mod host;
mod lifecycle;
pub(super) mod list;
mod on_terminal;
mod own;
mod porting;
mod refusals;
pub(super) mod report;
mod stopped_setup;
mod talk;
pub(super) mod vm;

use std::process::ExitCode;

use anyhow::bail;

use self::list::Form;
use self::report::{Outcome, Report, Verdict};
use crate::{
    cli::{self, KernelChoice, Only},
    exit,
    setup::Setup,
    ui::Ui,
    vm::Logs,
};

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::TestArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    if args.driver.driver.is_some() {
        return own::run(options, args, ui);
    }
    let wanted = |half| args.only.is_none_or(|only| only == half);
    let filter = args.filter.as_deref().unwrap_or_default();
    let matches = |name: &str| name.contains(filter);
    let setup = Setup::new(options, ui, false)?;
    let choices = options.kernels(&[KernelChoice::Stock, KernelChoice::Debug]);
    let plans = match wanted(Only::Vm) {
        true => vm::plan(&setup, &choices, options.guest, Form::Short, &matches)?,
        false => Vec::new(),
    };
    let host_names = match wanted(Only::Host) {
        true => host::names(),
        false => Vec::new(),
    };
    if args.list {
        let host = host_names
            .into_iter()
            .filter(|name| matches(name))
            .map(str::to_owned);
        host.chain(plans.iter().flat_map(vm::Plan::names))
            .for_each(|name| println!("{name}"));
        return Ok(ExitCode::from(exit::OK));
    }
    let mut report = Report::default();
    if wanted(Only::Host) {
        for outcome in host::run(options, args.filter.as_deref(), ui)? {
            report.add(outcome.into());
        }
    }
    if !plans.is_empty() {
        let logs = Logs::create(setup.cache().folder(), options.keep_log.as_deref())?;
        for plan in plans {
            let kernel = plan.prepare(&setup, options, ui)?;
            plan.run(&setup, options, &kernel.prepared, &logs, ui, &mut report)?;
        }
        report.note(&format!(
            "\nlogs of the guests: {}",
            logs.folder().display()
        ));
    }
    if report.is_empty() {
        bail!("no test's name contains {filter:?}; `cargo testbed test --list` prints them all");
    }
    Ok(ExitCode::from(match report.finish() {
        true => exit::OK,
        false => exit::FAILED,
    }))
}

impl From<host::Outcome> for Outcome {
    fn from(outcome: host::Outcome) -> Self {
        let verdict = match outcome.verdict {
            host::Verdict::Passed => Verdict::Passed,
            host::Verdict::Skipped(reason) => Verdict::Skipped(reason),
            host::Verdict::Failed(text) => {
                let (summary, details) = text.split_once('\n').unwrap_or((&text, ""));
                Verdict::Failed {
                    summary: summary.to_owned(),
                    details: details.to_owned(),
                }
            }
        };
        Self {
            name: outcome.name,
            verdict,
            time: outcome.elapsed,
        }
    }
}
