//! The log: messages that are constant, with fields. They go to standard error as lines, or where that is
//! the journal of systemd, to the journal, whose entries have the fields, too.

mod journal;

use crate::cli::Level;
use journal::Journal;
use nix::sys::stat::fstat;
use std::env;
use std::io::{self, IsTerminal as _};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts to log. Colours are for terminals, and for people who did not set `NO_COLOR`.
pub fn init(level: Level) {
    let level = LevelFilter::from(level);
    let stream = env::var("JOURNAL_STREAM").unwrap_or_default();
    if is_standard_error(&stream)
        && let Ok(journal) = Journal::connect()
    {
        tracing_subscriber::registry()
            .with(level)
            .with(journal)
            .init();
        return;
    }
    let colour = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        // Where standard error is gone, complaining about it there would end the daemon.
        .log_internal_errors(false)
        .with_ansi(colour)
        .with_writer(io::stderr)
        .init();
}

/// Whether what systemd says of the journal, `DEVICE:INODE` (systemd.exec(5)), is true of standard error,
/// and not of the one of whoever started this.
fn is_standard_error(stream: &str) -> bool {
    fstat(io::stderr()).is_ok_and(|file| names(stream, file.st_dev, file.st_ino))
}

fn names(stream: &str, device: u64, inode: u64) -> bool {
    stream.split_once(':') == Some((&device.to_string(), &inode.to_string()))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn journal_is_known_by_device_and_inode() {
        assert!(names("9:1234", 9, 1234));
        for other in ["", "9", "9:", "9:123", "1234:9", "9:1234:5", ":"] {
            assert!(!names(other, 9, 1234), "{other:?}");
        }
    }
}
