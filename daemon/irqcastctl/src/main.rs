//! Lists irqcast devices, shows their events and makes them interrupt.

mod cli;
mod commands;
mod failure;
mod filter;
mod output;
mod quantity;
mod target;
mod waiting;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    if let Some(refusal) = cli.refusal() {
        refusal.exit();
    }
    match commands::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            match failure.hint() {
                Some(hint) => output::note(format_args!("{failure}\n{hint}")),
                None => output::note(&failure),
            }
            failure.exit_code()
        }
    }
}
