//! Runs hooks when hardware interrupts.
//!
//! This is a library only so that what reads bytes can be tested without the program around it; nothing
//! here is for others to build on.

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
mod systemd;
mod timers;
mod trust;

use clap::{CommandFactory as _, Parser as _};
use irqcast_manuals::Generate;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    // Before the command line is read: it is not for people, and has to be quick.
    if let Some(code) = hook::confine::stage::run_if_asked() {
        return code;
    }
    let cli = cli::Cli::parse();
    log::init(cli.log_level);
    match cli.command {
        cli::Command::Run(run) => daemon::run(run.into()),
        cli::Command::Generate(what) => generate(&what),
        cli::Command::Explain {
            config,
            event,
            json,
        } => explain::run(&config, &event, json),
        cli::Command::Check { file } => check::run(&file),
    }
}

/// Reads a configuration as `irqcastd check` does, but for the programs that it names. Returns the number of
/// its rules.
///
/// # Errors
///
/// All that is wrong with it, each as `LINE:COLUMN: MESSAGE`.
pub fn read_configuration(text: &str) -> Result<usize, Vec<String>> {
    config::read(text).map(|config| config.rules.len())
}

fn generate(what: &Generate) -> ExitCode {
    match irqcast_manuals::generate(what, cli::Cli::command(), "8") {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "failed to write {reason}");
            ExitCode::FAILURE
        }
    }
}
