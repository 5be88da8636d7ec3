//! A netlink tap: an `nlmon` device, which gets a copy of every netlink message.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, delete_module};
use nix::libc;

/// The device's name.
const NAME: &str = "nlmon0";

/// A tap, which is down at first. Dropping it removes it.
pub struct Tap(());

impl Tap {
    /// Loads the module and makes a device.
    pub fn new() -> Result<Self> {
        load()?;
        ip(&["link", "add", "name", NAME, "type", "nlmon"])?;
        Ok(Self(()))
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
        let _ = delete_module(c"nlmon", DeleteModuleFlags::O_NONBLOCK);
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

/// Loads `nlmon`, which the kernel unpacks itself where its package packs modules.
fn load() -> Result<()> {
    const COMPRESSED: i32 = 4;

    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let path = |ending: &str| {
        PathBuf::from(format!(
            "/lib/modules/{}/kernel/drivers/net/nlmon.ko{ending}",
            release.trim()
        ))
    };
    let (file, flags) = match File::open(path("")) {
        Ok(file) => (file, 0),
        Err(_) => {
            let packed = path(".xz");
            let file = File::open(&packed)
                .with_context(|| format!("failed to open {}", packed.display()))?;
            (file, COMPRESSED)
        }
    };
    let parameters = CString::default();
    // SAFETY: the descriptor is open, and the parameters end with a NUL.
    let loaded = unsafe {
        libc::syscall(
            libc::SYS_finit_module,
            file.as_raw_fd(),
            parameters.as_ptr(),
            flags,
        )
    };
    match Errno::result(loaded) {
        Ok(_) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(error).context("failed to load nlmon"),
    }
}
