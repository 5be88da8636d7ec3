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
use irqcast::Client;

/// Does what the command line says.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let mut printer = Printer::new(cli.json);
    match &cli.command {
        Command::List => list::run(cli.device, &mut printer),
        Command::History(history) => history::run(cli.device, history, &mut printer),
        Command::Monitor(monitor) => monitor::run(cli.device, monitor, &mut printer),
        Command::Raise(raise) => raise::run(cli.device, raise, &mut printer),
        Command::Factorial { number, limit } => {
            let action = act::Action::Factorial(*number);
            act::run(cli.device, action, *limit, &mut printer)
        }
        Command::Dma { bytes, limit } => {
            let action = act::Action::Dma(*bytes);
            act::run(cli.device, action, *limit, &mut printer)
        }
        Command::Set(set) => set::run(cli.device, set),
        Command::Status(daemon) => daemon::status(daemon, &mut printer),
        Command::Metrics(daemon) => daemon::metrics(daemon, &mut printer),
        Command::Reload(daemon) => daemon::reload(daemon, &mut printer),
        Command::Explain { event, daemon } => daemon::explain(daemon, event, &mut printer),
        Command::Generate(what) => {
            irqcast_manuals::generate(what, Cli::command(), "1").map_err(Failure::Generate)
        }
        Command::Record(record) => record::run(cli.device, record),
        Command::Replay { file, daemon } => replay::run(daemon, file, cli.device, &mut printer),
    }
}

/// Instance numbers of the devices that a command acts on: that one, or all.
fn targets(client: &mut Client, device: Option<u32>) -> Result<Vec<u32>, Failure> {
    if let Some(device) = device {
        return Ok(vec![client.device(device)?.device]);
    }
    let devices = client.devices()?;
    if devices.is_empty() {
        return Err(Failure::NoDevice);
    }
    Ok(devices.iter().map(|device| device.device).collect())
}
