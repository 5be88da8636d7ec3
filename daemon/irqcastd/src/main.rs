//! Runs hooks when hardware interrupts.

mod check;
mod cli;
mod config;
mod daemon;
mod hook;
mod inherited;
mod log;
mod memory;
mod presence;
mod queue;
mod rule;
mod store;
mod timers;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log::init(cli.log_level);
    match cli.command {
        cli::Command::Run { config, state_dir } => {
            daemon::run(&config, &cli::state_folder(state_dir))
        }
        cli::Command::Check { file } => check::run(&file),
    }
}
