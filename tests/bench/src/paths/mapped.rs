//! The mapped ring: events without a copy by the kernel.
//!
//! `mmap` sleeps in the read of an eventfd, or in `epoll_wait` or io_uring for it, and then reads
//! the ring. That is one system call less than polling the file itself, which has to be told
//! each time how far the listener is. `mmap-spin` does not sleep: it looks again and again at
//! the number of the last event, on a processor of its own. No wake-up can beat that.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, OwnedFd},
};

use anyhow::Result;
use irqcast_bench::schema::Listener;

use super::{
    Path, eventfd,
    irqcast::{Driver, bit},
    ring::Ring,
};
use crate::{
    clock,
    receive::{Receiver, Seen},
    target,
    waiting::{Waiting, bytes_of},
};

/// Looks at the ring before a listener that spins sees whether it is to end.
const LOOKS: u32 = 10_000;

/// Sleeping.
pub const MMAP: Path = Path {
    name: "mmap",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 256,
    payload: true,
    told: true,
    open: |_, options| Driver::load(bit::EVENTFD, options, sleeping),
};

/// Spinning.
pub const SPIN: Path = Path {
    name: "mmap-spin",
    context: None,
    listeners: &[Listener::Spin],
    most_listeners: 1,
    payload: false,
    told: true,
    open: |_, options| Driver::load(0, options, spinning),
};

/// What is read, and up to where.
struct Place {
    ring: Ring,
    next: u64,
}

impl Place {
    fn new() -> Result<Self> {
        let ring = Ring::map(&target::node()?)?;
        let next = ring.head() + 1;
        Ok(Self { ring, next })
    }

    /// Takes all that is there.
    fn take(&mut self) -> Option<Seen> {
        let head = self.ring.head();
        let mut seen: Option<Seen> = None;
        let mut lost = 0;
        while self.next <= head {
            let oldest = (head + 1).saturating_sub(self.ring.capacity());
            match self.ring.get(self.next) {
                Some(record) => {
                    let seen = seen.get_or_insert(Seen {
                        returned_ns: 0,
                        handled_ns: None,
                        events: 0,
                        told: 0,
                    });
                    seen.events += 1;
                    seen.handled_ns = Some(record.time_ns);
                    self.next += 1;
                }
                None => {
                    let next = oldest.max(self.next + 1);
                    lost += next - self.next;
                    self.next = next;
                }
            }
        }
        let mut seen = seen?;
        seen.returned_ns = clock::now();
        seen.told = lost;
        Some(seen)
    }
}

fn sleeping(listener: Listener) -> Result<Box<dyn Receiver>> {
    let place = Place::new()?;
    let (node, eventfd) = eventfd::added()?;
    Ok(Box::new(Sleeping {
        place,
        _node: node,
        eventfd,
        waiting: Waiting::new(listener),
    }))
}

/// Sleeps until the eventfd is signalled. What it counts does not matter: the ring knows.
struct Sleeping {
    place: Place,
    _node: File,
    eventfd: OwnedFd,
    waiting: Waiting,
}

impl Receiver for Sleeping {
    fn receive(&mut self) -> io::Result<Seen> {
        loop {
            let mut count = 0;
            self.waiting
                .read(self.eventfd.as_fd(), bytes_of(&mut count))?;
            if let Some(seen) = self.place.take() {
                return Ok(seen);
            }
        }
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}

fn spinning(_: Listener) -> Result<Box<dyn Receiver>> {
    Ok(Box::new(Spinning(Place::new()?)))
}

struct Spinning(Place);

impl Receiver for Spinning {
    fn receive(&mut self) -> io::Result<Seen> {
        for _ in 0..LOOKS {
            if let Some(seen) = self.0.take() {
                return Ok(seen);
            }
            std::hint::spin_loop();
        }
        Err(io::ErrorKind::Interrupted.into())
    }

    fn syscalls(&self) -> u64 {
        0
    }
}
