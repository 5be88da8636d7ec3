//! The daemon: one thread, one poll loop over a closed set of wake-ups.

mod families;
mod hooks;
mod items;
mod keeper;
mod stop;
mod wake;

use crate::config::{Config, ConfigError};
use crate::inherited;
use crate::store::{Found, StoreError};
use hooks::Hooks;
use irqcast::{Error, Families, Range, Subscription};
use keeper::Keeper;
pub use keeper::StateFolder;
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use std::env;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use stop::Stopping;
use tracing::{debug, error, info, warn};
use wake::{Signals, Source, Wake};

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Irqcast(#[from] Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("failed to {0}: {1}")]
    System(&'static str, io::Error),
}

/// Runs until a signal asks to stop.
pub fn run(config: &Path, state: &StateFolder) -> ExitCode {
    match Daemon::start(config, state).and_then(Daemon::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(error)) => {
            log_wrong_config(&error);
            error!("cannot start without a configuration that is right");
            ExitCode::FAILURE
        }
        Err(failure @ Failure::Irqcast(Error::NotPermitted(_))) => {
            error!(reason = %failure, "cannot go on; the daemon needs the capability CAP_NET_ADMIN");
            ExitCode::FAILURE
        }
        Err(failure) => {
            error!(reason = %failure, "cannot go on");
            ExitCode::FAILURE
        }
    }
}

fn log_wrong_config(error: &ConfigError) {
    match error {
        ConfigError::Unreadable { file, source } => {
            error!(file = %file.display(), reason = %source, "the configuration cannot be read");
        }
        ConfigError::Wrong { file, problems } => {
            for problem in problems {
                error!(
                    file = %file.display(),
                    line = problem.line,
                    column = problem.column,
                    problem = %problem,
                    "the configuration is wrong"
                );
            }
        }
    }
}

struct Daemon {
    /// The configuration's absolute path, to read it again.
    file: PathBuf,
    config: Config,
    signals: Signals,
    subscription: Subscription,
    keeper: Keeper,
    hooks: Hooks,
    /// Whether there may be items that a poll does not tell of.
    more_items: bool,
    /// Other families, if there are any in the configuration.
    families: Option<Families>,
    /// The same of their messages.
    more_messages: bool,
    stopping: Option<Stopping>,
}

impl Daemon {
    fn start(file: &Path, state: &StateFolder) -> Result<Self, Failure> {
        let system = |action| move |error| Failure::System(action, error);
        let file = path::absolute(file).map_err(system("find the working folder"))?;
        let config = Config::load(&file)?;
        if let Err(reason) = inherited::close_on_exec() {
            warn!(%reason, "hooks inherit files that were open when the daemon started");
        }
        let path = path::absolute(&state.path).map_err(system("find the working folder"))?;
        let asked_for = state.asked_for;
        let (keeper, found) = Keeper::start(&StateFolder { path, asked_for })?;
        // The daemon must not keep a file system busy, and hooks start from a known place.
        env::set_current_dir("/").map_err(system("change to the folder /"))?;
        let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
            .map_err(system("prepare for signals"))?;
        let (again, ended) = keeper.memory().unfinished();
        let subscription = subscribe(config.limits.receive_buffer, found, again)?;
        let families = families::listen(&config)?;
        let untold = keeper.memory().untold_losses();
        let mut daemon = Self {
            keeper,
            hooks: Hooks::new(&config.limits),
            file,
            config,
            signals,
            subscription,
            more_items: true,
            more_messages: families.is_some(),
            families,
            stopping: None,
        };
        daemon.take_over(ended, untold);
        Ok(daemon)
    }

    fn run(mut self) -> Result<(), Failure> {
        loop {
            self.hooks.start_ready(&mut self.keeper);
            self.keeper.keep_up(self.config.limits.save_interval);
            if self.stopping.is_some() && self.hooks.none_runs() {
                self.keeper.save();
                info!("stopped");
                return Ok(());
            }
            for wake in self.wait()? {
                match wake {
                    Wake::Signal(SIGCHLD) => self.reap()?,
                    Wake::Signal(SIGHUP) => self.reload(),
                    Wake::Signal(_) => self.stop(),
                    Wake::Items => self.take_items()?,
                    Wake::Messages => self.take_messages()?,
                    Wake::Output(pid) => self.hooks.read_output(pid),
                    Wake::Deadline => {
                        if self.give_up() {
                            self.keeper.save();
                            return Ok(());
                        }
                    }
                }
            }
        }
    }

    fn wait(&mut self) -> Result<Vec<Wake>, Failure> {
        let takes_items = self.stopping.is_none() && !self.hooks.hold_back();
        let save = self.keeper.deadline(self.config.limits.save_interval);
        let stop = self.stopping.as_ref().map(Stopping::deadline);
        let subscription = Source {
            wake: Wake::Items,
            fd: self.subscription.as_fd(),
            has_more: self.more_items,
        };
        let families = self.families.as_ref().map(|families| Source {
            wake: Wake::Messages,
            fd: families.as_fd(),
            has_more: self.more_messages,
        });
        let sources = [Some(subscription), families].into_iter().flatten();
        wake::wait(
            &mut self.signals,
            sources.filter(|_| takes_items),
            self.hooks.outputs(),
            save.into_iter().chain(stop).min(),
        )
        .map_err(|error| Failure::System("wait", error))
    }

    /// Takes the exit status of every child that has ended.
    fn reap(&mut self) -> Result<(), Failure> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(()),
                Ok(status) => self.hooks.ended(status, &mut self.keeper),
                Err(Errno::EINTR) => {}
                Err(error) => {
                    return Err(Failure::System("wait for a child", error.into()));
                }
            }
        }
    }

    /// Takes the configuration anew. A wrong one changes nothing.
    fn reload(&mut self) {
        match Config::load(&self.file) {
            Ok(config) => {
                info!(rules = config.rules.len(), "took the configuration");
                self.hooks.set_limits(&config.limits);
                self.config = config;
                self.change_families();
            }
            Err(error) => {
                log_wrong_config(&error);
                error!(
                    rules = self.config.rules.len(),
                    "kept the old configuration"
                );
            }
        }
    }

    /// Begins to stop, or ends what still runs when asked again.
    fn stop(&mut self) {
        match &mut self.stopping {
            Some(stopping) => stopping.hurry(&mut self.hooks),
            None => {
                info!(running = self.hooks.running(), "stopping");
                self.hooks.drop_waiting(&self.keeper);
                self.stopping = Some(Stopping::begin(self.config.limits.stop_grace));
            }
        }
    }

    /// Goes on with stopping if the time for its step is over. Returns whether to end although hooks run.
    fn give_up(&mut self) -> bool {
        let stopping = self.stopping.as_mut();
        stopping
            .filter(|stopping| stopping.deadline() <= Instant::now())
            .is_some_and(|stopping| stopping.next_step(&mut self.hooks))
    }
}

/// Opens the subscription, where an earlier daemon left something so that it goes on from there.
fn subscribe(
    receive_buffer: usize,
    found: Option<Found>,
    again: Vec<Range>,
) -> Result<Subscription, Error> {
    let subscription = match found {
        None => Subscription::open(receive_buffer),
        Some(Found { memory, new_boot }) => {
            let positions = memory.positions();
            let unfinished = again.iter().fold(0u64, |sum, range| {
                sum.saturating_add((range.to - range.from).saturating_add(1))
            });
            info!(
                devices = positions.len(),
                unfinished, new_boot, "going on where an earlier daemon ended"
            );
            Subscription::resume(receive_buffer, positions, again)
        }
    }?;
    let buffer = subscription.receive_buffer();
    debug!(
        bytes = buffer.bytes,
        forced = buffer.forced,
        "receive buffer"
    );
    if !buffer.forced {
        warn!(
            bytes = buffer.bytes,
            "the receive buffer is limited by net.core.rmem_max"
        );
    }
    if subscription.joined().is_none() {
        info!("waiting for the driver");
    }
    Ok(subscription)
}
