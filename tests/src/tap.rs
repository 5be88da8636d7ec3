//! A netlink tap: an `nlmon` device, which gets a copy of every netlink message.

use std::os::fd::{FromRawFd as _, OwnedFd};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use nix::errno::Errno;
use nix::libc;

use crate::module::Module;

/// The device's name.
const NAME: &str = "nlmon0";

/// A tap, which is down at first. Dropping it removes it.
pub struct Tap {
    _module: Module,
}

impl Tap {
    /// Loads the module and makes a device.
    pub fn new() -> Result<Self> {
        let module = Module::load(Path::new("drivers/net"), c"nlmon")?;
        ip(&["link", "add", "name", NAME, "type", "nlmon"])?;
        Ok(Self { _module: module })
    }

    /// Brings it up, which the driver may refuse.
    pub fn up(&self) -> Result<()> {
        ip(&["link", "set", NAME, "up"])
    }

    /// Takes it down.
    pub fn down(&self) -> Result<()> {
        ip(&["link", "set", NAME, "down"])
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // Where this fails, the next test that makes one says so.
        let _ = ip(&["link", "del", NAME]);
    }
}

/// A packet socket that receives what any device gets.
pub fn packet_socket() -> Result<OwnedFd> {
    const ETH_P_ALL: u16 = 3;

    // SAFETY: this system call takes no pointers.
    let fd = unsafe {
        libc::socket(
            libc::AF_PACKET,
            libc::SOCK_RAW,
            i32::from(ETH_P_ALL.to_be()),
        )
    };
    Errno::result(fd).context("failed to open a packet socket")?;
    // SAFETY: the descriptor was just opened, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip")
        .args(arguments)
        .output()
        .context("failed to run ip")?;
    ensure!(
        output.status.success(),
        "ip {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
