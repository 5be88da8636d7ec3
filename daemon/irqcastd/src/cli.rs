//! The command line.

use crate::daemon::{Options, StateFolder};
use clap::{Args, Parser, Subcommand, ValueEnum};
use irqcast_manuals::Generate;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use tracing::level_filters::LevelFilter;

const EXAMPLES: &str = "\
Examples:
  irqcastd check /etc/irqcast/irqcastd.toml
  irqcastd run
  irqcastd run --dry-run --config ./irqcastd.toml
  irqcastctl history --json | head -n 1 | irqcastd explain --config ./irqcastd.toml -
  irqcastd --log-level debug run --config ./irqcastd.toml";

/// The configuration, unless another is named.
const CONFIG: &str = "/etc/irqcast/irqcastd.toml";

const EXPLAIN: &str = "\
Examples:
  irqcastd explain event.json
  irqcastctl history --json | head -n 1 | irqcastd explain --config ./irqcastd.toml -

Exit codes:
  0  it was explained, whether a rule matches or not
  1  the configuration is wrong, or what was given is no event and no loss
  2  the command line is wrong";

const RUN_EXAMPLES: &str = "\
Examples:
  irqcastd run
  irqcastd run --config ./irqcastd.toml --state-dir ./state --control-socket ./control
  irqcastd run --dry-run --config ./irqcastd.toml";

const SIGNALS: &str = "\
Signals:
  TERM, INT  stop: read no more events, let running hooks end for a while (stop-grace), then
             end them; a second one ends them at once. Hooks that wait or were ended so run at
             the next start
  HUP        read the configuration again; if it is wrong, keep the old one

Under systemd:
  With Type=notify-reload the unit is ready once no event can be missed, whether the driver is loaded
  or not; WatchdogSec= is honoured. Where standard error is the journal, fields are fields of its own,
  whose names begin with IRQCAST_.

Exit codes:
  0  stopped by a signal
  1  failed: the configuration is wrong, the capability CAP_NET_ADMIN is missing, another daemon
     has the state folder, or a system call failed
  2  the command line is wrong";

const HOOKS: &str = "\
Hooks:
  A hook is run without a shell. It gets the event as one line of JSON on standard input, and in
  IRQCAST_RULE, IRQCAST_DEVICE, IRQCAST_ADDRESS, IRQCAST_SEQ, IRQCAST_TIME_NS, IRQCAST_CAUSE
  (decimal), IRQCAST_REPLAYED and IRQCAST_REPEATED (0 or 1) and, where the event has them,
  IRQCAST_FACTORIAL and IRQCAST_DMA_BYTES. A hook for a loss gets IRQCAST_LOST_FROM,
  IRQCAST_LOST_TO and IRQCAST_LOST_COUNT instead of what only an event has; docs/hooks.md has what
  hooks for drops, devices and other families' messages get. Besides these its environment has
  PATH, HOME=/ and LANG=C, what the rule's \"environment\" adds, and nothing else. What it prints
  goes to the log by line, cut at 1024 bytes, and at most 200 lines in a second. It runs in the
  folder /, unless the rule has another \"folder\", in a process group of its own, with all signals
  at their defaults and no open files but the standard ones. It has no capabilities and gains no
  privileges, and its file mode mask is 077, unless [rule.hook.confine] says otherwise. A
  configuration or a program that others than root and the daemon's user can change is refused.

  The hooks of one rule and one device run one after the other, in the order of the events,
  unless the rule's \"order\" is \"free\". Others run side by side: of all rules up to the limit
  \"processes\", and of one rule up to its \"concurrency\", or a quarter of \"processes\" where it
  names none. When as many hooks of one rule wait as its \"queue\" says, or the limit \"queue\" where
  it names none, the daemon takes no more events until half of them were started, unless the
  rule's \"when-full\" lets it drop some. The driver holds what comes meanwhile, and it is fetched
  then; what the driver could not hold is told as a loss.

  A hook that runs longer than its \"time-limit\", which is 60s where the rule names none, gets
  TERM, and after its \"grace\" KILL, both together with what it started.";

const MEMORY: &str = "\
Memory:
  The state folder holds which hooks have ended. A daemon that starts goes on after them, also
  where the one before was killed: what the driver still holds is fetched, and each rule's hooks
  run in the order of a device's events. A hook that was running then runs again, with
  IRQCAST_REPEATED=1 in its environment and \"repeated\":true in its JSON; the first one may run
  still. What the driver does not hold any more is told as a loss. Where there is no state the
  daemon begins with the events that come. If the folder cannot be used the daemon ends, or
  where none was named goes on without a memory.";

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
    #[command(after_help = format!("{RUN_EXAMPLES}\n\n{HOOKS}\n\n{MEMORY}\n\n{SIGNALS}"))]
    Run(Run),
    /// Say what is wrong with a configuration, as FILE:LINE:COLUMN: MESSAGE.
    #[command(
        after_help = "Examples:\n  irqcastd check /etc/irqcast/irqcastd.toml\n\nExit codes:\n  0  the file is right\n  1  it is wrong or cannot be read\n  \
        2  the command line is wrong"
    )]
    Check {
        /// The configuration.
        file: PathBuf,
    },
    /// Write manual pages or completions.
    #[command(hide = true, subcommand)]
    Generate(Generate),
    /// Say for each rule whether it matches an event or a loss, and why not. Runs nothing.
    #[command(after_help = EXPLAIN)]
    Explain {
        /// The configuration.
        #[arg(long, value_name = "FILE", default_value = CONFIG)]
        config: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        /// A file with the event or the loss as JSON, as irqcastctl monitor --json prints it; or - for
        /// standard input.
        event: PathBuf,
    },
}

/// How to run.
#[derive(Debug, Args)]
pub struct Run {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// The folder that holds what the daemon remembers: this one, or the first of the environment
    /// variable STATE_DIRECTORY, or else /var/lib/irqcast.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where irqcastctl reaches the daemon: this path, or that of the configuration, or else
    /// /run/irqcast/control. Where nobody asked for it the daemon goes on without.
    #[arg(long, value_name = "PATH")]
    pub control_socket: Option<PathBuf>,
    /// Start no hook, and log instead what would run. Keeps no state, and opens a control socket only
    /// where --control-socket names one, so that it can run beside the daemon.
    #[arg(long, conflicts_with = "state_dir")]
    pub dry_run: bool,
}

impl From<Run> for Options {
    fn from(run: Run) -> Self {
        Self {
            config: run.config,
            state: (!run.dry_run).then(|| state_folder(run.state_dir)),
            control: run.control_socket,
            dry_run: run.dry_run,
        }
    }
}

/// The state folder: the one that the command line names, or what systemd made, or the default.
fn state_folder(named: Option<PathBuf>) -> StateFolder {
    choose_folder(named, env::var_os("STATE_DIRECTORY"))
}

fn choose_folder(named: Option<PathBuf>, from_systemd: Option<OsString>) -> StateFolder {
    const DEFAULT: &str = "/var/lib/irqcast";
    // systemd names all folders of the unit, with colons between them.
    let first = from_systemd.and_then(|folders| {
        env::split_paths(&folders)
            .next()
            .filter(|folder| !folder.as_os_str().is_empty())
    });
    let asked_for = named.or(first);
    StateFolder {
        asked_for: asked_for.is_some(),
        path: asked_for.unwrap_or_else(|| DEFAULT.into()),
    }
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

    #[test]
    fn state_folder_is_the_one_that_was_asked_for() {
        let check = |named: Option<&str>, from_systemd: Option<&str>, path: &str, asked_for| {
            let found = choose_folder(named.map(Into::into), from_systemd.map(Into::into));
            let path = path.into();
            assert_eq!(found, StateFolder { path, asked_for });
        };
        check(Some("/a"), Some("/b"), "/a", true);
        check(None, Some("/b:/c"), "/b", true);
        check(None, Some(""), "/var/lib/irqcast", false);
        check(None, None, "/var/lib/irqcast", false);
    }
}
