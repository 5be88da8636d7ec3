//! An attribute in sysfs that `poll` wakes on, as many drivers have one.
//!
//! After each wake-up the attribute has to be read again from its start, or `poll` returns at
//! once the next time. What is read is the number of the last event, so the listener knows how
//! many there were and nothing else of them. sysfs says `EPOLLPRI`, and io_uring cannot read
//! it without waiting, so epoll is the way; blocking is `poll`.

use std::{
    fs::File,
    io,
    os::{fd::AsFd as _, unix::fs::FileExt as _},
};

use anyhow::{Context as _, Result};
use irqcast_bench::schema::Listener;
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::epoll::EpollFlags,
};

use super::{
    Path,
    irqcast::{Driver, bit},
};
use crate::{
    clock,
    receive::{Receiver, Seen},
    target,
    waiting::Waiting,
};

/// The path.
pub const PATH: Path = Path {
    name: "sysfs",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll],
    most_listeners: 256,
    payload: false,
    told: false,
    open: |_, options| Driver::load(bit::SYSFS, options, open),
};

fn open(listener: Listener) -> Result<Box<dyn Receiver>> {
    let path = target::device()?.file("events");
    let file = File::open(&path).with_context(|| format!("failed to open {}", path.display()))?;
    let mut attribute = Attribute {
        file,
        listener,
        waiting: Waiting::new(listener),
        last: 0,
    };
    // The first read says where to begin, and makes the next `poll` wait.
    attribute.last = attribute.read().context("failed to read the attribute")?;
    Ok(Box::new(attribute))
}

struct Attribute {
    file: File,
    listener: Listener,
    waiting: Waiting,
    last: u64,
}

impl Attribute {
    fn read(&mut self) -> io::Result<u64> {
        let mut text = [0; 24];
        self.waiting.count_syscall();
        let length = self.file.read_at(&mut text, 0)?;
        std::str::from_utf8(text.get(..length).unwrap_or_default())
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn wait(&mut self) -> io::Result<()> {
        if self.listener == Listener::Epoll {
            let events = EpollFlags::EPOLLPRI | EpollFlags::EPOLLERR;
            return self.waiting.ready_for(self.file.as_fd(), events);
        }
        self.waiting.count_syscall();
        let wanted = PollFlags::POLLPRI | PollFlags::POLLERR;
        poll(
            &mut [PollFd::new(self.file.as_fd(), wanted)],
            PollTimeout::NONE,
        )?;
        Ok(())
    }
}

impl Receiver for Attribute {
    fn receive(&mut self) -> io::Result<Seen> {
        loop {
            self.wait()?;
            let seq = self.read()?;
            let returned_ns = clock::now();
            let events = seq.saturating_sub(self.last);
            self.last = seq;
            if events > 0 {
                return Ok(Seen {
                    returned_ns,
                    handled_ns: None,
                    events,
                    told: 0,
                });
            }
        }
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}
