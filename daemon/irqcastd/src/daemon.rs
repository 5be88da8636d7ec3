//! The daemon: one thread, one poll loop over a closed set of wake-ups.

mod control;
mod devices;
mod doorbell;
mod drops;
mod failures;
mod families;
mod hooks;
mod items;
mod job;
mod keeper;
mod metrics;
mod options;
mod reload;
mod running;
mod start;
mod stop;
mod subscribe;
mod time_limits;
mod wake;

use crate::config::{Config, ConfigError};
use crate::control::server::{ControlError, Server};
use crate::hook::confine::own;
use crate::metrics::Events;
use crate::metrics::file::MetricsFile;
use crate::store::StoreError;
use crate::systemd::{Condition, ServiceManager};
use devices::Devices;
use hooks::Hooks;
use irqcast::{Error, Families, Subscription};
use keeper::Keeper;
pub use keeper::StateFolder;
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
pub use options::Options;
use signal_hook::consts::SIGHUP;
use std::io;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use stop::Stopping;
use tracing::{error, info};
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
    #[error(transparent)]
    Confinement(#[from] own::Refused),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("failed to {0}: {1}")]
    System(&'static str, io::Error),
}

/// Runs until a signal asks to stop.
pub fn run(options: Options) -> ExitCode {
    match Daemon::start(options).and_then(Daemon::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(error)) => {
            reload::log_wrong_config(&error);
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

struct Daemon {
    /// The configuration's absolute path, to read it again.
    file: PathBuf,
    config: Config,
    signals: Signals,
    subscription: Subscription,
    keeper: Keeper,
    hooks: Hooks,
    control: Option<Server>,
    started: Instant,
    manager: ServiceManager,
    events: Events,
    metrics: MetricsFile,
    devices: Devices,
    /// Whether there may be items that a poll does not tell of.
    more_items: bool,
    /// Other families, if there are any in the configuration.
    families: Option<Families>,
    /// The same of their messages.
    more_messages: bool,
    stopping: Option<Stopping>,
}

impl Daemon {
    fn run(mut self) -> Result<(), Failure> {
        loop {
            self.serve();
            self.hooks.start_ready(&mut self.keeper);
            self.keeper.keep_up(self.config.limits.save_interval);
            self.write_metrics();
            self.manager.keep_up(self.condition());
            if self.stopping.is_some() && self.hooks.none_runs() {
                self.keeper.save();
                self.finish_metrics();
                info!("stopped");
                return Ok(());
            }
            let (ended, others): (Vec<Wake>, Vec<Wake>) = self
                .wait()?
                .into_iter()
                .partition(|wake| matches!(wake, Wake::Ended(_)));
            if !ended.is_empty() {
                self.follow(&ended)?;
            }
            for wake in others {
                match wake {
                    // What is wrong is in the log.
                    Wake::Signal(SIGHUP) => drop(self.reload()),
                    Wake::Signal(_) => self.stop(),
                    Wake::Items => self.take_items()?,
                    Wake::Doorbell => self.devices.listen(),
                    Wake::Messages => self.take_messages()?,
                    Wake::Output(pid) => self.hooks.read_output(pid),
                    // That came first.
                    Wake::Ended(_) => {}
                    Wake::Visitor => self.control.iter_mut().for_each(Server::accept),
                    Wake::Client(id) => self.control.iter_mut().for_each(|server| server.ready(id)),
                    Wake::Deadline => {
                        self.hooks.keep_time();
                        if self.give_up() {
                            self.keeper.save();
                            self.finish_metrics();
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
        let metrics = self.metrics_deadline();
        let alive = self.manager.deadline();
        let at_once = self.next_request().map(|_| Instant::now());
        let deadlines = [save, stop, metrics, alive, at_once, self.hooks.deadline()];
        let subscription = Source {
            wake: Wake::Items,
            fd: self.subscription.as_fd(),
            has_more: self.more_items || self.devices.is_due(),
        };
        let families = self.families.as_ref().map(|families| Source {
            wake: Wake::Messages,
            fd: families.as_fd(),
            has_more: self.more_messages,
        });
        let doorbell = self.devices.doorbell().map(|doorbell| Source {
            wake: Wake::Doorbell,
            fd: doorbell.as_fd(),
            has_more: false,
        });
        let sources = [Some(subscription), families].into_iter().flatten();
        let sources = sources.filter(|_| takes_items).chain(doorbell);
        wake::wait(
            &mut self.signals,
            sources,
            self.hooks.outputs(),
            self.hooks.processes(),
            self.control.as_ref(),
            deadlines.into_iter().flatten().min(),
        )
        .map_err(|error| Failure::System("wait", error))
    }

    /// Lets those hooks follow that waited for these to end, before anything else is done: their programs are
    /// loaded meanwhile.
    fn follow(&mut self, ended: &[Wake]) -> Result<(), Failure> {
        for wake in ended {
            if let Wake::Ended(pid) = wake {
                self.reap(*pid)?;
            }
        }
        self.hooks.start_ready(&mut self.keeper);
        self.hooks.tell_ended();
        Ok(())
    }

    /// Takes the exit status of a hook's process that has ended.
    fn reap(&mut self, pid: Pid) -> Result<(), Failure> {
        loop {
            match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(status) => self.hooks.ended(status, &mut self.keeper),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(Failure::System("wait for a child", error.into())),
            }
            return Ok(());
        }
    }

    /// Begins to stop, or ends what still runs when asked again.
    fn stop(&mut self) {
        match &mut self.stopping {
            Some(stopping) => stopping.hurry(&mut self.hooks),
            None => {
                info!(running = self.hooks.running(), "stopping");
                self.manager.stopping();
                self.hooks.drop_waiting(&self.keeper);
                self.stopping = Some(Stopping::begin(self.config.limits.stop_grace));
            }
        }
    }

    /// How it is, for the service manager.
    fn condition(&self) -> Condition {
        Condition {
            joined: self.subscription.joined().is_some(),
            holds_back: self.hooks.holds_back(),
            stopping: self.stopping.is_some(),
            rules: self.config.rules.len(),
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

/// A time as it is told.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
