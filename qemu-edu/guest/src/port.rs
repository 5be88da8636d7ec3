//! Finding and opening the virtio-serial port that leads to the testbed.

use std::{
    fs::{self, File, OpenOptions},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

/// Ports that the kernel knows, each a folder with its name in the file `name`.
const PORTS: &str = "/sys/class/virtio-ports";

/// How long the kernel may take to find the port. The host names it in a control message
/// that arrives some milliseconds after the device was found.
const LIMIT: Duration = Duration::from_secs(20);

/// How long to sleep between two looks; only the boot waits like this.
const STEP: Duration = Duration::from_millis(2);

/// Opens the port named [`irqcast_link::PORT`], for non-blocking input and output.
pub fn open() -> Result<File> {
    let start = Instant::now();
    let path = loop {
        if let Some(path) = find()? {
            break path;
        }
        if start.elapsed() > LIMIT {
            bail!(
                "no virtio-serial port named {:?} in {PORTS} after {} s: the kernel needs \
                 CONFIG_VIRTIO_PCI=y and CONFIG_VIRTIO_CONSOLE=y",
                irqcast_link::PORT,
                LIMIT.as_secs()
            );
        }
        thread::sleep(STEP);
    };
    let port = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(&path)
        .with_context(|| format!("failed to open {}", path.display()))?;
    // Until the kernel has heard that the host's end is open, a read says 'end of file' as
    // it does when the host has gone.
    while is_hung_up(&port)? {
        if start.elapsed() > LIMIT {
            bail!("the testbed is not at the other end of {}", path.display());
        }
        thread::sleep(STEP);
    }
    Ok(port)
}

fn is_hung_up(port: &File) -> Result<bool> {
    let mut fds = [PollFd::new(port.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).context("failed to poll the port")?;
    Ok(fds[0]
        .revents()
        .is_some_and(|events| events.contains(PollFlags::POLLHUP)))
}

fn find() -> Result<Option<PathBuf>> {
    let Ok(ports) = fs::read_dir(PORTS) else {
        // The class appears with the first device.
        return Ok(None);
    };
    for port in ports {
        let port = port.with_context(|| format!("failed to read {PORTS}"))?;
        // A port without a name has no such file yet.
        let name = fs::read_to_string(port.path().join("name")).unwrap_or_default();
        if name.trim_end() == irqcast_link::PORT {
            let device = Path::new("/dev").join(port.file_name());
            return Ok(device.exists().then_some(device));
        }
    }
    Ok(None)
}
