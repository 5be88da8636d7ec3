//! Arguments of `bench`, and of `report`, which shows what that has recorded.

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use irqcast_bench::plan::Raise;

use super::{DriverArgs, raise};

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed bench                                       everything, at most 10 minutes
  cargo testbed bench --mode icount --json figures.json     figures that can be repeated
  cargo testbed bench --paths netlink-multicast,uio --samples 200
  cargo testbed bench --html comparison.html                a page with curves
  cargo testbed bench --daemon                              irqcastd and its peers
  cargo testbed bench --driver ../cable --qemu-device e1000 --raise 0xc8=0x4
                                                            a driver of one's own: the core's paths")]
pub struct BenchArgs {
    /// The driver.
    #[command(flatten)]
    pub driver: DriverArgs,

    /// Register of the driver's device, and what to write there so that it interrupts
    ///
    /// In the BAR 0, or the one that is named. Numbers are decimal, or hexadecimal after 0x.
    #[arg(long, value_name = "[BAR:]OFFSET=VALUE", requires = "driver", value_parser = raise::parse)]
    pub raise: Option<Raise>,

    /// Measure irqcastd beside udevd, mdev, acpid and a bare loop, and not the paths
    #[arg(long, conflicts_with_all = ["driver", "paths", "latency_only", "html"])]
    pub daemon: bool,

    /// Daemons to measure, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", requires = "daemon", value_delimiter = ',', value_parser = PossibleValuesParser::new(irqcast_bench::peers::NAMES))]
    pub daemons: Vec<String>,

    /// Measure of each daemon latency and rate only: no sleeper, burst or confinement
    #[arg(long, requires = "daemon")]
    pub quick: bool,

    /// Which clock the guest has
    #[arg(long, value_enum, default_value_t = BenchMode::Wall)]
    pub mode: BenchMode,

    /// Paths to measure, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(irqcast_bench::catalogue::NAMES))]
    pub paths: Vec<String>,

    /// Latency samples of each path, or of each daemon
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub samples: u32,

    /// Decides the order in which the paths are measured [default: by chance; icount: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Measure latency and handler only: no rates, bursts, many listeners or larger events
    #[arg(long)]
    pub latency_only: bool,

    /// Write all figures to this file (docs/comparison.md says what they are)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write a page with curves to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Which clock the benchmark's guest has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchMode {
    /// This machine's, with two processors
    Wall,
    /// One that counts instructions, with one processor
    Icount,
}

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed report run.json                   the table of a run that `bench --json` wrote
  cargo testbed report run.json --html run.html   and a page with its charts
  cargo testbed report --docs                     put the recordings in docs/comparison/ into docs/comparison.md")]
pub struct ReportArgs {
    /// File that `bench --json` wrote
    #[arg(value_name = "RUN", required_unless_present = "docs")]
    pub recording: Option<PathBuf>,

    /// Write a page with charts, one file that needs nothing else
    #[arg(long, value_name = "FILE", requires = "recording")]
    pub html: Option<PathBuf>,

    /// Renew the figures in docs/comparison.md from the recordings beside it
    #[arg(long)]
    pub docs: bool,
}
