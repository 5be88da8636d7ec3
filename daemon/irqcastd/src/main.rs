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
mod presence;
mod queue;
mod rule;
mod store;
mod timers;
mod trust;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before the command line is read: it is not for people, and has to be quick.
    if let Some(code) = hook::confine::stage::run_if_asked() {
        return code;
    }
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
