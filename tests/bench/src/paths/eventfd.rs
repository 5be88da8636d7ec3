//! An eventfd that the handler signals, handed over to the character device.
//!
//! The listener reads the eventfd and nothing else: it learns how many events there were. Who
//! wants to know what they were reads the device or its ring next, as `mmap` does.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
};

use anyhow::{Context as _, Result};
use irqcast_bench::schema::Listener;
use nix::{
    errno::Errno,
    libc,
    sys::eventfd::{EfdFlags, EventFd},
};

use super::{
    Path,
    chardev::node,
    counting::Eventfd,
    irqcast::{Driver, bit},
};
use crate::{
    receive::{Receiver, Seen},
    waiting::Waiting,
};

/// The request `add-eventfd` of the character device: `_IOW(0xeb, 3, int)`.
const ADD_EVENTFD: u64 = 0x4004_eb03;

/// The path.
pub const PATH: Path = Path {
    name: "eventfd",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 256,
    payload: false,
    told: false,
    open: |_, options| Driver::load(bit::EVENTFD, options, open),
};

fn open(listener: Listener) -> Result<Box<dyn Receiver>> {
    let (node, file) = added()?;
    Ok(Box::new(Registered {
        _node: node,
        eventfd: Eventfd {
            file,
            waiting: Waiting::new(listener),
            acknowledge: None,
        },
    }))
}

/// Hands over a new eventfd; returns the file that it lives with, and the eventfd.
pub fn added() -> Result<(File, OwnedFd)> {
    let node = node(0)?;
    let eventfd = EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC)?;
    let number = eventfd.as_raw_fd();
    // SAFETY: the request reads a number from the address, and it lives over the call.
    let result = unsafe { libc::ioctl(node.as_raw_fd(), ADD_EVENTFD, &raw const number) };
    Errno::result(result).context("failed to hand an eventfd over")?;
    Ok((node, eventfd.as_fd().try_clone_to_owned()?))
}

struct Registered {
    _node: File,
    eventfd: Eventfd,
}

impl Receiver for Registered {
    fn receive(&mut self) -> io::Result<Seen> {
        self.eventfd.receive()
    }

    fn syscalls(&self) -> u64 {
        self.eventfd.syscalls()
    }
}
