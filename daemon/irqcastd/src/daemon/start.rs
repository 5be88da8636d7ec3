//! Starts the daemon: what it needs is made in this order.

use super::hooks::Hooks;
use super::keeper::Keeper;
use super::wake::Signals;
use super::{
    Daemon, Failure, Options, StateFolder, devices::Devices, families, options, subscribe,
};
use crate::config::Config;
use crate::control::server::Server;
use crate::hook::child;
use crate::hook::confine::own;
use crate::inherited;
use crate::metrics::Events;
use crate::metrics::file::MetricsFile;
use crate::systemd::ServiceManager;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::env;
use std::path::{self, Path};
use std::time::Instant;
use tracing::warn;

impl Daemon {
    /// Reads the configuration, opens all that the daemon uses, and goes on where an earlier one ended.
    pub(super) fn start(options: Options) -> Result<Self, Failure> {
        let system = |action| move |error| Failure::System(action, error);
        let absolute =
            |path: &Path| path::absolute(path).map_err(system("find the working folder"));
        let file = absolute(&options.config)?;
        let config = Config::load(&file)?;
        if let Err(reason) = inherited::close_on_exec() {
            warn!(%reason, "hooks inherit files that were open when the daemon started");
        }
        own::keep_files_private();
        let control = options.control.as_deref().map(absolute).transpose()?;
        let control = options::control_place(control, &config, options.dry_run);
        let (keeper, found) = match &options.state {
            Some(StateFolder { path, asked_for }) => Keeper::start(&StateFolder {
                path: absolute(path)?,
                asked_for: *asked_for,
            })?,
            None => (Keeper::without_folder(), None),
        };
        // The daemon must not keep a file system busy, and hooks start from a known place.
        env::set_current_dir("/").map_err(system("change to the folder /"))?;
        let signals =
            Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(system("prepare for signals"))?;
        child::keep_statuses()
            .map_err(|errno| Failure::System("prepare for children", errno.into()))?;
        let server = match &control {
            Some(place) => Server::start(place, Self::access(&config))?,
            None => None,
        };
        // From here on nothing is made any more where only root may.
        own::keep_only(&config.rules)?;
        let (again, ended) = keeper.memory().unfinished();
        let subscription = subscribe::subscribe(config.limits.receive_buffer, found, again)?;
        let families = families::listen(&config)?;
        let untold = keeper.memory().untold_losses();
        let mut daemon = Self {
            devices: Devices::new(keeper.memory()),
            keeper,
            hooks: Hooks::new(&config.limits, options.dry_run),
            control: server,
            started: Instant::now(),
            manager: ServiceManager::from_environment(),
            events: Events::default(),
            metrics: MetricsFile::new(config.metrics.clone()),
            file,
            config,
            signals,
            subscription,
            more_items: true,
            more_messages: families.is_some(),
            families,
            stopping: None,
        };
        daemon.hooks.configure(&daemon.config);
        daemon.take_over(ended, untold);
        daemon.watch_devices();
        // Where the driver is not loaded, every event of a device that comes is received too.
        let condition = daemon.condition();
        daemon.manager.ready(condition);
        Ok(daemon)
    }
}
