//! A set-up that Ctrl-C stops leaves nothing half made, and the next one does not begin anew.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, ensure};
use nix::sys::signal::Signal;

use super::lifecycle::Testbed;
use crate::{exit, process::Child};

/// What is printed when the step that chooses the packages begins. What it finds is kept.
const CHOOSING: &str = "kernel packages ...";

/// What is printed when the step begins in the middle of which the set-up is stopped.
const LONG_STEP: &str = "build root ...";

pub fn check(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let cache = testbed.empty_folder("cache-of-a-stopped-setup")?;
    let first = stop(testbed, &cache)?;
    ensure!(first.contains(CHOOSING), "it did not begin: {first}");
    let second = stop(testbed, &cache)?;
    ensure!(!second.contains(CHOOSING), "it began anew: {second}");
    fs::remove_dir_all(&cache).context("failed to remove the cache")
}

/// Starts a set-up, stops it in a long step, and returns what it printed until then.
fn stop(testbed: &Testbed<'_>, cache: &Path) -> anyhow::Result<String> {
    let mut child = Child::spawn(testbed.with_cache(cache, "setup")?)?;
    let stderr = child.inner.stderr.take().context("no pipe")?;
    let mut printed = String::new();
    let mut lines = BufReader::new(stderr).lines();
    for line in lines.by_ref() {
        let line = line.context("failed to read the messages")?;
        printed.push_str(&line);
        printed.push('\n');
        if line.contains(LONG_STEP) {
            break;
        }
    }
    ensure!(printed.contains(LONG_STEP), "it ended early: {printed}");
    nix::sys::signal::kill(child.group(), Signal::SIGINT).context("failed to send SIGINT")?;
    for line in lines {
        line.context("failed to read the messages")?;
    }
    let expected = exit::SIGNAL_BASE + Signal::SIGINT as u8;
    let code = child.wait()?.code();
    ensure!(
        code == Some(expected.into()),
        "expected exit status {expected}, got {code:?}"
    );
    let left = fs::read_dir(cache)
        .context("failed to list the cache")?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .find(|name| name.starts_with("partial-"));
    ensure!(left.is_none(), "{left:?} was left half made");
    Ok(printed)
}
