//! Runs hooks when hardware interrupts.

mod check;
mod cli;
mod config;
mod control;
mod daemon;
mod explain;
mod hook;
mod inherited;
mod log;
mod memory;
mod metrics;
mod queue;
mod rule;
mod store;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log::init(cli.log_level);
    match cli.command {
        cli::Command::Run(run) => daemon::run(run.into()),
        cli::Command::Explain {
            config,
            event,
            json,
        } => explain::run(&config, &event, json),
        cli::Command::Check { file } => check::run(&file),
    }
}
