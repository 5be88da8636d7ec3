//! The control socket: who may ask what, and what is read and written without ever waiting.
//!
//! [`server`] accepts, [`peer`] says who came, [`access`] decides what they may, and [`connection`]
//! holds what is half read or half written. What the answers are is the daemon's concern.

pub mod access;
mod connection;
mod peer;
pub mod server;

use std::path::PathBuf;

/// The socket that is to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its path.
    pub path: PathBuf,
    /// Whether somebody asked for it. Then the daemon does not go on without it.
    pub asked_for: bool,
}
