//! Runs hooks when hardware interrupts.

mod check;
mod cli;
mod config;
mod daemon;
mod hook;
mod inherited;
mod log;
mod queue;
mod rule;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log::init(cli.log_level);
    match cli.command {
        cli::Command::Run { config } => daemon::run(&config),
        cli::Command::Check { file } => check::run(&file),
    }
}
