//! Arguments of the commands that boot a guest for a person: `demo`, `run` and `shell`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::DriverArgs;

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed demo                                            edu's three interrupts
  cargo testbed demo --driver ../cable --qemu-device e1000      a driver that `new` made, and its raise.sh")]
pub struct DemoArgs {
    /// The driver.
    #[command(flatten)]
    pub driver: DriverArgs,
}

/// What `run` and `shell` put into the machine.
#[derive(Debug, Clone, Args)]
pub struct MachineArgs {
    /// File to copy into the guest's /root; may be given several times
    #[arg(long, value_name = "FILE")]
    pub copy: Vec<PathBuf>,

    /// The driver.
    #[command(flatten)]
    pub driver: DriverArgs,

    /// Number of edu devices [default: 1, or none with --qemu-device]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub devices: Option<u8>,

    /// More arguments for the guest's kernel command line
    #[arg(
        long,
        value_name = "ARGS",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub append: String,

    /// Memory of the guest, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(128..))]
    pub memory: u32,
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed run -- irqcastctl raise --count 3
  cargo testbed run --copy hook.sh -- sh hook.sh
  cargo testbed run --devices 2 --append 'irqcast_edu.msi=0' -- irqcastctl --json list")]
pub struct RunArgs {
    /// The machine.
    #[command(flatten)]
    pub machine: MachineArgs,

    /// Stop the guest after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,

    /// Command to run in the guest, with its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// Arguments of `shell`.
#[derive(Debug, Clone, Args)]
pub struct ShellArgs {
    /// The machine.
    #[command(flatten)]
    pub machine: MachineArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>().map(Duration::try_from_secs_f64) {
        Ok(Ok(duration)) if !duration.is_zero() => Ok(duration),
        _ => Err("a number of seconds greater than 0 is wanted, such as 30 or 2.5".to_owned()),
    }
}
