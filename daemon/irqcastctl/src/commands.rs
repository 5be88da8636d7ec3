//! The commands, and what they share.

mod act;
mod daemon;
mod history;
mod list;
mod monitor;
mod raise;
mod record;
mod replay;
mod set;
pub mod watch;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::Printer;
use clap::CommandFactory as _;

/// Does what the command line says.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let mut printer = Printer::new(cli.json, cli.target.family.is_edu());
    match &cli.command {
        Command::List => list::run(&cli.target, &mut printer),
        Command::History(history) => history::run(&cli.target, history, &mut printer),
        Command::Monitor(monitor) => monitor::run(&cli.target, monitor, &mut printer),
        Command::Raise(raise) => raise::run(&cli.target, raise, &mut printer),
        Command::Factorial { number, limit } => {
            let action = act::Action::Factorial(*number);
            act::run(&cli.target, action, *limit, &mut printer)
        }
        Command::Dma { bytes, limit } => {
            let action = act::Action::Dma(*bytes);
            act::run(&cli.target, action, *limit, &mut printer)
        }
        Command::Set(set) => set::run(&cli.target, set),
        Command::Status(daemon) => daemon::status(daemon, &mut printer),
        Command::Metrics(daemon) => daemon::metrics(daemon, &mut printer),
        Command::Reload(daemon) => daemon::reload(daemon, &mut printer),
        Command::Explain { event, daemon } => daemon::explain(daemon, event, &mut printer),
        Command::Generate(what) => {
            irqcast_manuals::generate(what, Cli::command(), "1").map_err(Failure::Generate)
        }
        Command::Record(record) => record::run(&cli.target, record),
        Command::Replay { file, daemon } => {
            replay::run(daemon, file, cli.target.device, &mut printer)
        }
    }
}
