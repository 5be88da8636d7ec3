//! The command line.

use crate::filter::Filter;
use crate::quantity;
use crate::target::Target;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use irqcast::wire::{DMA_MAX, FACTORIAL_MAX};
use irqcast::{Context, Paths};
use irqcast_control::SOCKET;
use irqcast_manuals::Generate;
use std::path::PathBuf;
use std::time::Duration;

/// What the exit codes say, for the help.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  the command line is wrong
  3  the driver is not loaded
  4  there is no such device
  5  not permitted: it takes the capability CAP_NET_ADMIN, or the daemon refused
  6  the time limit passed
  7  the daemon does not run";

const EXAMPLES: &str = "\
Examples:
  irqcastctl list
  irqcastctl monitor --json --duration 10
  irqcastctl monitor --cause-any 0x6 --address '0000:00:*'
  irqcastctl status
  irqcastctl history --since 100
  irqcastctl --family irqcast-e1000 list
  irqcastctl raise --device 0 --bits 0x6 --count 100
  irqcastctl factorial 5
  irqcastctl dma 64
  irqcastctl set --paths netlink-multicast,chardev --context bh";

/// Lists irqcast devices, shows their events and makes them interrupt.
///
/// Commands act on all devices unless --device names one, and on the edu device's driver unless --family
/// names another. All that change or watch a device need
/// CAP_NET_ADMIN; list and history do not. Status, metrics, reload, explain and replay ask the daemon,
/// irqcastd, which says who may.
#[derive(Debug, Parser)]
#[command(version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 100)]
pub struct Cli {
    /// Print one JSON object a line.
    ///
    /// An event is {"device":0,"address":"0000:00:02.0","seq":1,"time_ns":12,"cause":1,"factorial":120,
    /// "replayed":false}, with factorial and dma_bytes only where the event has them. A loss is
    /// {"lost":{"device":0,"from":5,"to":9}}: the events 5 to 9 cannot be had any more.
    #[arg(long, global = true)]
    pub json: bool,
    /// Which devices.
    #[command(flatten)]
    pub target: Target,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Why the command line is refused although each part of it can be read: the command is not for the
    /// family that it names.
    pub fn refusal(&self) -> Option<clap::Error> {
        let family = &self.target.family;
        let reason = match &self.command {
            _ if family.is_edu() => return None,
            Command::Factorial { .. } => "factorial is a request of the edu device only",
            Command::Dma { .. } => "dma is a request of the edu device only",
            Command::Record(_) => {
                "record makes traces for the daemon's replay, which takes them for the edu device's; \
                 monitor --json prints the events of any family"
            }
            Command::Status(_)
            | Command::Metrics(_)
            | Command::Reload(_)
            | Command::Explain { .. }
            | Command::Replay { .. } => "this command asks the daemon and not a driver",
            Command::List
            | Command::Monitor(_)
            | Command::History(_)
            | Command::Raise(_)
            | Command::Set(_)
            | Command::Generate(_) => return None,
        };
        let message = format!("--family {family} is not for this: {reason}. Leave --family out");
        Some(Self::command().error(ErrorKind::ArgumentConflict, message))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the devices and their counters.
    #[command(after_help = examples("irqcastctl list\n  irqcastctl list --json"))]
    List,
    /// Print events as they come, until Ctrl-C.
    ///
    /// When the kernel drops events because this listener does not keep up, a warning on standard error
    /// says so. They are then fetched from the driver and printed in their places, with "replayed":true;
    /// what the driver no longer holds is printed as a loss.
    #[command(after_help = examples("irqcastctl monitor --count 10\n  irqcastctl monitor --cause-any 0x6 --json\n  irqcastctl monitor --lost-only"))]
    Monitor(Monitor),
    /// Print the events that the devices still hold, without waiting for more. Anyone may.
    ///
    /// Events that a device no longer holds are printed as a loss before those that it does.
    #[command(after_help = examples("irqcastctl history --device 0 --since 100"))]
    History(History),
    /// Make the device interrupt, the next time after the event of the last one was seen.
    ///
    /// Prints the event of each raise. Other interrupts may happen at the same time: the event of a
    /// raise is the first one of that device that is younger than the raise and has all its bits.
    #[command(after_help = examples("irqcastctl raise --device 0 --bits 0x6 --count 100"))]
    Raise(Raise),
    /// Let the device compute a factorial, and print the event with the result (modulo 2^32).
    #[command(after_help = examples("irqcastctl factorial 5 --device 0"))]
    Factorial {
        /// The number to compute it of.
        #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(FACTORIAL_MAX)))]
        number: u32,
        /// How to wait.
        #[command(flatten)]
        limit: Limit,
    },
    /// Send bytes by DMA through the device's buffer and back, and print the event.
    ///
    /// Fails when fewer bytes came back unchanged than were sent.
    #[command(after_help = examples("irqcastctl dma 64 --device 0"))]
    Dma {
        /// How many bytes to send.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(DMA_MAX)))]
        bytes: u32,
        /// How to wait.
        #[command(flatten)]
        limit: Limit,
    },
    /// Change how a device tells of its interrupts, until it is unbound.
    #[command(after_help = examples("irqcastctl set --paths netlink-multicast,chardev --context bh"))]
    Set(Set),
    /// Print what the daemon does: queues, running hooks, counters and the last failures.
    #[command(after_help = of_daemon("irqcastctl status\n  irqcastctl status --json"))]
    Status(Daemon),
    /// Print the daemon's metrics in the text format of Prometheus; with --json as one JSON string.
    #[command(after_help = of_daemon("irqcastctl metrics | grep hooks_ended"))]
    Metrics(Daemon),
    /// Let the daemon take its configuration anew, and print what it took or all that is wrong.
    #[command(after_help = of_daemon("irqcastctl reload && irqcastctl status"))]
    Reload(Daemon),
    /// Print for each of the daemon's rules whether it matches an event or a loss, and why not.
    #[command(after_help = of_daemon(
        "irqcastctl explain event.json\n  irqcastctl history --json | tail -n 1 | irqcastctl explain -"
    ))]
    Explain {
        /// A file with the event or the loss as JSON, as monitor --json prints it; or - for standard
        /// input.
        event: PathBuf,
        /// The daemon.
        #[command(flatten)]
        daemon: Daemon,
    },
    /// Write events and losses to a file as they come, one JSON object a line, until Ctrl-C.
    #[command(after_help = examples(
        "irqcastctl record --duration 1m trace.jsonl\n  irqcastctl record --count 100 --cause-any 0x6 trace.jsonl"
    ))]
    Record(Record),
    /// Write manual pages or completions.
    #[command(hide = true, subcommand)]
    Generate(Generate),
    /// Let the daemon run its hooks for the events and losses of a file, as if they had just come.
    ///
    /// The hooks get IRQCAST_TRACE=1 in their environment and "trace":true in their JSON, and the daemon
    /// does not remember them: when it ends, those that wait are not run at its next start. While too
    /// many hooks wait, this waits too. Prints for each line of the file which rules matched.
    #[command(after_help = of_daemon("irqcastctl replay trace.jsonl"))]
    Replay {
        /// The file, as record writes it, or - for standard input.
        file: PathBuf,
        /// The daemon.
        #[command(flatten)]
        daemon: Daemon,
    },
}

fn examples(examples: &str) -> String {
    format!("Examples:\n  {examples}\n\n{EXIT_CODES}")
}

fn of_daemon(lines: &str) -> String {
    format!(
        "Root and the daemon's user may do this. A group of the daemon's configuration ([control] group) \
         may do what changes nothing: status, metrics and explain.\n\n{}",
        examples(lines)
    )
}

/// Which daemon.
#[derive(Debug, Args)]
pub struct Daemon {
    /// Where the daemon listens.
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    pub control_socket: PathBuf,
}

/// What to record.
#[derive(Debug, Args)]
pub struct Record {
    /// Which events, and when to end.
    #[command(flatten)]
    pub monitor: Monitor,
    /// The file. What it holds is replaced.
    pub file: PathBuf,
}

/// What to change of a device.
#[derive(Debug, Args)]
pub struct Set {
    /// Delivery paths to switch on, separated by commas; the others are switched off. Or all, or none.
    ///
    /// There are netlink-multicast, netlink-unicast, chardev, signal, eventfd and sysfs.
    #[arg(long, value_name = "LIST", required_unless_present = "context")]
    pub paths: Option<Paths>,
    /// Where to send netlink messages from: auto, hard, bh or thread.
    ///
    /// Auto and hard are the interrupt handler. While a netlink tap (an nlmon device) is up, or
    /// messages have more than one receiver, auto steps back to bh, a bottom half; while they have
    /// more than 8, to the interrupt's thread. With hard, no tap can come up.
    #[arg(long)]
    pub context: Option<Context>,
}

/// Which events to print.
#[derive(Debug, Args)]
pub struct History {
    /// Only from this sequence number on.
    #[arg(long, value_name = "SEQ", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub since: u64,
}

/// Which events to take, and when to end.
#[derive(Debug, Args)]
pub struct Monitor {
    /// End after this many events, or with --lost-only losses.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End after this time: seconds, or with the unit ms, s or m.
    #[arg(long, value_name = "TIME", value_parser = quantity::duration)]
    pub duration: Option<Duration>,
    /// Which events.
    #[command(flatten)]
    pub filter: Filter,
}

/// What to raise, and how often.
#[derive(Debug, Args)]
pub struct Raise {
    /// Bits to raise, decimal or 0x hexadecimal. 0x1 and 0x100 are also those of the factorial and of
    /// the DMA.
    #[arg(long, default_value = "0x2", value_parser = quantity::bits)]
    pub bits: u32,
    /// How often.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Time from one round to the next: seconds, or with the unit ms, s or m. None by default.
    #[arg(long, value_name = "TIME", value_parser = quantity::duration)]
    pub interval: Option<Duration>,
    /// How to wait.
    #[command(flatten)]
    pub limit: Limit,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, Args)]
pub struct Limit {
    /// How long an event may take: seconds, or with the unit ms, s or m.
    #[arg(long, value_name = "TIME", default_value = "30", value_parser = quantity::duration)]
    pub timeout: Duration,
}

#[cfg(test)]
mod tests;
