//! The log: lines on standard error, each a constant message with fields.

use crate::cli::Level;
use std::env;
use std::io::{self, IsTerminal as _};
use tracing::level_filters::LevelFilter;

/// Starts to log. Colours are for terminals, and for people who did not set `NO_COLOR`.
pub fn init(level: Level) {
    let colour = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from(level))
        .with_target(false)
        // Where standard error is gone, complaining about it there would end the daemon.
        .log_internal_errors(false)
        .with_ansi(colour)
        .with_writer(io::stderr)
        .init();
}
