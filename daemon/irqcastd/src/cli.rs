//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use tracing::level_filters::LevelFilter;

const EXAMPLES: &str = "\
Examples:
  irqcastd check /etc/irqcast/irqcastd.toml
  irqcastd run
  irqcastd --log-level debug run --config ./irqcastd.toml";

const SIGNALS: &str = "\
Signals:
  TERM, INT  stop: read no more events, let running hooks end for a while (stop-grace), then end them;
             a second one ends them at once
  HUP        read the configuration again; if it is wrong, keep the old one

Exit codes:
  0  stopped by a signal
  1  failed: the configuration is wrong, the capability CAP_NET_ADMIN is missing, or a system call failed
  2  the command line is wrong";

const HOOKS: &str = "\
Hooks:
  A hook is run without a shell. It gets the event as one line of JSON on standard input, and in
  IRQCAST_RULE, IRQCAST_DEVICE, IRQCAST_ADDRESS, IRQCAST_SEQ, IRQCAST_TIME_NS, IRQCAST_CAUSE (decimal),
  IRQCAST_REPLAYED (0 or 1) and, where the event has them, IRQCAST_FACTORIAL and IRQCAST_DMA_BYTES.
  Besides these its environment has PATH, HOME=/ and LANG=C, and nothing else. What it prints goes to
  the log by line, cut at 1024 bytes. It runs in the folder /, in a process group of its own, with all
  signals at their defaults and no open files but the standard ones.

  The hooks of one rule and one device run one after the other, in the order of the events. Others run
  side by side, up to the limit \"processes\". Events that come when \"queue\" of them wait for a rule are
  dropped for that rule, the newest first; the log says how many.";

/// Runs hooks when hardware interrupts.
///
/// The daemon listens to the driver and runs the hooks of the rules that match. While the driver is not
/// loaded it waits, and it goes on when the driver comes back. It logs to standard error.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// The least important messages to log.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "LEVEL",
        env = "IRQCAST_LOG",
        default_value = "info"
    )]
    pub log_level: Level,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon in the foreground.
    #[command(after_help = format!("{HOOKS}\n\n{SIGNALS}"))]
    Run {
        /// The configuration.
        #[arg(
            long,
            value_name = "FILE",
            default_value = "/etc/irqcast/irqcastd.toml"
        )]
        config: PathBuf,
    },
    /// Say what is wrong with a configuration, as FILE:LINE:COLUMN: MESSAGE.
    #[command(
        after_help = "Exit codes:\n  0  the file is right\n  1  it is wrong or cannot be read\n  \
        2  the command line is wrong"
    )]
    Check {
        /// The configuration.
        file: PathBuf,
    },
}

/// How important a message must be to be logged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Level {
    /// Only what the daemon cannot do.
    Error,
    /// Also what should not be: losses, hooks that fail.
    Warn,
    /// Also what happens: hooks that end, what they print.
    Info,
    /// Also each event and the start of each hook.
    Debug,
    /// All there is.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn definition_is_sound() {
        Cli::command().debug_assert();
    }
}
