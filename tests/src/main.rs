//! The end-to-end tests of irqcast. The testbed lists them on the host and runs each of
//! them in the guest, where this program drives the real driver, daemon and tools and
//! judges what comes out of them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod amount;
mod case;
mod cases;
mod chance;
mod daemon;
mod driver;
mod host;
mod installed;
mod kernel_log;
mod listener;
mod mapped;
mod module;
mod monitor;
mod node;
mod raiser;
mod raw;
mod storm;
mod subject;
mod system;
mod tap;
mod tool;
mod wait;

/// Exit status of a test that passed.
const PASSED: u8 = 0;
/// Exit status of a test that failed.
const FAILED: u8 = 1;
/// Exit status when there is no test of that name.
const UNKNOWN: u8 = 2;

#[derive(Parser)]
#[command(about = "Lists irqcast's end-to-end tests, or runs one of them inside the guest")]
struct Cli {
    /// Print all tests, one JSON object a line
    #[arg(long)]
    list: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run one test; exit status 0 passed, 1 failed, 2 no such test
    Run {
        /// Full name, as --list prints it
        name: String,
    },
    /// Listen for a test, which asks on standard input
    #[command(hide = true)]
    Listen {
        /// Bytes of the queue
        queue: usize,
        /// Number of the first event
        first: u64,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Run { name }) => run(&name),
        Some(Command::Listen { queue, first }) => code(listener::listen(queue, first)),
        None if cli.list => {
            for case in cases::all() {
                println!("{}", case.description());
            }
            ExitCode::from(PASSED)
        }
        None => {
            eprintln!("nothing to do: give --list or run NAME");
            ExitCode::from(UNKNOWN)
        }
    }
}

fn run(name: &str) -> ExitCode {
    let Some(case) = cases::all().into_iter().find(|case| case.name == name) else {
        eprintln!("there is no test {name:?}; --list prints all");
        return ExitCode::from(UNKNOWN);
    };
    code(case.run())
}

fn code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::from(PASSED),
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::from(FAILED)
        }
    }
}
