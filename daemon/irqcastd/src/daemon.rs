//! The daemon: one thread, one poll loop over a closed set of wake-ups.

mod hooks;
mod stop;
mod wake;

use crate::config::{Config, ConfigError};
use crate::inherited;
use hooks::Hooks;
use irqcast::{Error, Event, Item, Subscription};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use std::env;
use std::io;
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;
use stop::Stopping;
use tracing::{debug, error, info, info_span, warn};
use wake::{Signals, Wake};

/// Items that are taken before other wake-ups get their turn.
const BATCH: usize = 256;

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Irqcast(#[from] Error),
    #[error("failed to {0}: {1}")]
    System(&'static str, io::Error),
}

/// Runs until a signal asks to stop.
pub fn run(config: &Path) -> ExitCode {
    match Daemon::start(config).and_then(Daemon::run) {
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
    hooks: Hooks,
    /// Whether there may be items that a poll does not tell of.
    more_items: bool,
    stopping: Option<Stopping>,
}

impl Daemon {
    fn start(file: &Path) -> Result<Self, Failure> {
        let system = |action| move |error| Failure::System(action, error);
        let file = path::absolute(file).map_err(system("find the working folder"))?;
        let config = Config::load(&file)?;
        if let Err(reason) = inherited::close_on_exec() {
            warn!(%reason, "hooks inherit files that were open when the daemon started");
        }
        // The daemon must not keep a file system busy, and hooks start from a known place.
        env::set_current_dir("/").map_err(system("change to the folder /"))?;
        let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
            .map_err(system("prepare for signals"))?;
        let subscription = Subscription::open(config.limits.receive_buffer)?;
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
        Ok(Self {
            hooks: Hooks::new(&config.limits),
            file,
            config,
            signals,
            subscription,
            more_items: true,
            stopping: None,
        })
    }

    fn run(mut self) -> Result<(), Failure> {
        loop {
            self.hooks.start_ready();
            if self.stopping.is_some() && self.hooks.none_runs() {
                info!("stopped");
                return Ok(());
            }
            for wake in self.wait()? {
                match wake {
                    Wake::Signal(SIGCHLD) => self.reap()?,
                    Wake::Signal(SIGHUP) => self.reload(),
                    Wake::Signal(_) => self.stop(),
                    Wake::Items => self.take_items()?,
                    Wake::Output(pid) => self.hooks.read_output(pid),
                    Wake::Deadline => {
                        if self.give_up() {
                            return Ok(());
                        }
                    }
                }
            }
        }
    }

    fn wait(&mut self) -> Result<Vec<Wake>, Failure> {
        let is_stopping = self.stopping.is_some();
        wake::wait(
            &mut self.signals,
            (!is_stopping).then_some(&self.subscription),
            self.hooks.outputs(),
            self.more_items && !is_stopping,
            self.stopping.as_ref().map(Stopping::deadline),
        )
        .map_err(|error| Failure::System("wait", error))
    }

    /// Takes a batch of what the subscription has.
    fn take_items(&mut self) -> Result<(), Failure> {
        self.more_items = false;
        for _ in 0..BATCH {
            let Some(item) = self.subscription.try_next()? else {
                return Ok(());
            };
            match item {
                Item::Event(event) | Item::Replayed(event) => self.dispatch(event),
                Item::Lost(lost) => warn!(
                    device = lost.device,
                    from = lost.from,
                    to = lost.to,
                    count = lost.count(),
                    "events were lost"
                ),
                Item::Overrun => warn!("the kernel dropped events: the receive buffer was full"),
                Item::Joined { family, group, .. } => info!(family, group, "ready"),
                Item::Left => info!("waiting for the driver"),
                Item::Malformed(reason) => warn!(%reason, "skipped a message of the kernel"),
            }
        }
        self.more_items = true;
        Ok(())
    }

    /// Queues the hooks of the rules that match.
    fn dispatch(&mut self, event: Event) {
        let span = info_span!(
            "event",
            device = event.device,
            seq = event.seq,
            cause = event.cause
        );
        let entered = span.enter();
        let event = std::rc::Rc::new(event);
        let mut matched = 0;
        for rule in &self.config.rules {
            if rule.matches.is_met_by(&event) {
                matched += 1;
                self.hooks.queue(rule, &event, &span);
            }
        }
        debug!(rules = matched, "received");
        drop(entered);
    }

    /// Takes the exit status of every child that has ended.
    fn reap(&mut self) -> Result<(), Failure> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(()),
                Ok(status) => self.hooks.ended(status),
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
            Some(stopping) => stopping.hurry(&self.hooks),
            None => {
                info!(running = self.hooks.running(), "stopping");
                self.hooks.drop_waiting();
                self.stopping = Some(Stopping::begin(self.config.limits.stop_grace));
            }
        }
    }

    /// The time for this step of stopping is over. Returns whether to end although hooks run.
    fn give_up(&mut self) -> bool {
        self.stopping
            .as_mut()
            .is_some_and(|stopping| stopping.next_step(&self.hooks))
    }
}
