//! `copy_to_user`: reading the character device.
//!
//! The listener's buffer holds many records, so that one read takes all that are there. `read`
//! in itself waits in the read; `poll` waits in `epoll_wait` first, as a program does that has
//! other things to wait for.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
};

use anyhow::{Context as _, Result};
use irqcast_bench::schema::Listener;
use nix::libc;

use super::{
    Path,
    irqcast::{Driver, bit},
    record,
    ring::Ring,
};
use crate::{
    clock,
    receive::{Receiver, Seen},
    target,
    waiting::Waiting,
};

/// Records that one read may bring.
const RECORDS: usize = 64;

/// Waiting in the read.
pub const READ: Path = Path {
    name: "chardev-read",
    context: None,
    listeners: &[Listener::Blocking, Listener::IoUring],
    most_listeners: 256,
    payload: true,
    told: true,
    open: |_, options| Driver::load(bit::CHARDEV, options, open),
};

/// Waiting before the read.
pub const POLL: Path = Path {
    name: "chardev-poll",
    context: None,
    listeners: &[Listener::Epoll],
    most_listeners: 256,
    payload: true,
    told: true,
    open: |_, options| Driver::load(bit::CHARDEV, options, open),
};

fn open(listener: Listener) -> Result<Box<dyn Receiver>> {
    let size = Ring::map(&target::node()?)?.record_size();
    Ok(Box::new(Reader {
        file: node(0)?,
        waiting: Waiting::new(listener),
        buffer: vec![0; RECORDS * size],
        size,
    }))
}

/// Opens the device's node with these flags.
pub fn node(flags: libc::c_int) -> Result<File> {
    let node = target::node()?;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(&node);
    file.with_context(|| format!("failed to open {}", node.display()))
}

struct Reader {
    file: File,
    waiting: Waiting,
    buffer: Vec<u8>,
    size: usize,
}

impl Receiver for Reader {
    fn receive(&mut self) -> io::Result<Seen> {
        let length = self.waiting.read(self.file.as_fd(), &mut self.buffer)?;
        let returned_ns = clock::now();
        let bytes = self.buffer.get(..length).unwrap_or_default();
        let (events, told, last) = record::sum(bytes, self.size);
        Ok(Seen {
            returned_ns,
            handled_ns: last.map(|record| record.time_ns),
            events,
            told,
        })
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}
