//! A listener: `irqcastctl monitor` in the background.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::wait;

/// A running `irqcastctl monitor --json`. Dropping it ends it.
pub struct Monitor {
    child: Child,
    lines: Receiver<String>,
}

impl Monitor {
    /// Starts a listener with these arguments, and waits until it has joined the group.
    pub fn start_with(arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new("/bin/irqcastctl")
            .args(["monitor", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to run irqcastctl monitor")?;
        let output = child.stdout.take().context("the monitor has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let monitor = Self { child, lines };
        wait::until("the monitor to join the group", || {
            Ok(joined_a_group(monitor.child.id())?.then_some(()))
        })?;
        Ok(monitor)
    }

    /// The next object that the listener prints.
    pub fn next(&mut self) -> Result<Value> {
        match self.lines.recv_timeout(wait::LIMIT) {
            Ok(line) => serde_json::from_str(&line).with_context(|| format!("no JSON: {line}")),
            Err(RecvTimeoutError::Timeout) => bail!("the monitor printed nothing"),
            Err(RecvTimeoutError::Disconnected) => bail!("the monitor ended"),
        }
    }

    /// The next `count` objects.
    pub fn take(&mut self, count: usize) -> Result<Vec<Value>> {
        (0..count)
            .map(|have| {
                self.next()
                    .with_context(|| format!("after {have} of {count} lines"))
            })
            .collect()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // Both fail only where the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a generic netlink socket of the process is a member of any group, as
/// `/proc/net/netlink` tells it (net/netlink/af_netlink.c, netlink_native_seq_show).
pub fn joined_a_group(process: u32) -> Result<bool> {
    const NETLINK_GENERIC: &str = "16";
    let table = std::fs::read_to_string("/proc/net/netlink")?;
    Ok(table.lines().skip(1).any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        matches!(fields.as_slice(), [_, protocol, port, groups, ..]
            if *protocol == NETLINK_GENERIC
                && *port == process.to_string()
                && u32::from_str_radix(groups, 16).is_ok_and(|groups| groups != 0))
    }))
}
