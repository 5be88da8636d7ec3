//! What the daemon is told when it is started.

use super::StateFolder;
use crate::config::Config;
use crate::control::Place;
use irqcast_control::SOCKET;
use std::path::PathBuf;

/// What the daemon is told when it is started.
pub struct Options {
    /// The configuration.
    pub config: PathBuf,
    /// The state folder. A dry run has none.
    pub state: Option<StateFolder>,
    /// Where the control socket is to be, if the command line says so.
    pub control: Option<PathBuf>,
    /// Tell what would run, and run nothing.
    pub dry_run: bool,
}

/// Where the control socket is to be. A dry run leaves the usual place to the daemon.
pub(super) fn control_place(
    named: Option<PathBuf>,
    config: &Config,
    dry_run: bool,
) -> Option<Place> {
    let configured = || config.control.socket.clone().filter(|_| !dry_run);
    let asked_for = named.or_else(configured);
    if asked_for.is_none() && dry_run {
        return None;
    }
    Some(Place {
        asked_for: asked_for.is_some(),
        path: asked_for.unwrap_or_else(|| SOCKET.into()),
    })
}
