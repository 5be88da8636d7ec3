//! Generic netlink multicast, sent by the handler itself where there is one listener.
//!
//! The listener is one socket with the queue that irqcast's library asks for. It takes one
//! message a call and looks at its sequence number. It is connected to the kernel, which then
//! lets nobody else send to it, and who may send to the group may change the driver as well
//! (`CAP_NET_ADMIN`); so it does not ask who sent a message, which costs about 150 instructions.

use std::io;

use anyhow::Result;
use irqcast_bench::schema::Listener;
use netlink_sys::Socket;
use nix::errno::Errno;

use super::{
    Context, Options, Path, Source,
    irqcast::{Driver, bit},
};
use crate::{
    clock,
    netlink::{self, Family},
    receive::{Gaps, Receiver, Seen},
    target,
    waiting::Waiting,
};

/// Bytes of the largest event that is measured, with its headers.
const DATAGRAM: usize = 8192;

/// The path.
pub const PATH: Path = Path {
    name: "netlink-multicast",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 256,
    payload: true,
    told: true,
    open: |_, options| {
        Driver::load(bit::NETLINK_MULTICAST, options, |listener| {
            member(target::family(), listener)
        })
    },
};

/// The same, sent from the handler however many listeners there are.
pub const FROM_HARD: Path = Path {
    context: Some(Context::Hard),
    listeners: &[Listener::Blocking],
    open: |_, options| from(Context::Hard, options),
    ..PATH
};

/// The same, sent from a bottom half.
pub const FROM_BH: Path = Path {
    context: Some(Context::Bh),
    open: |_, options| from(Context::Bh, options),
    ..FROM_HARD
};

/// The same, sent from the interrupt's thread.
pub const FROM_THREAD: Path = Path {
    context: Some(Context::Thread),
    open: |_, options| from(Context::Thread, options),
    ..FROM_BH
};

fn from(context: Context, options: &Options) -> Result<Box<dyn Source>> {
    let options = Options {
        context: Some(context),
        ..options.clone()
    };
    Driver::load(bit::NETLINK_MULTICAST, &options, |listener| {
        member(target::family(), listener)
    })
}

/// A listener of the group `events` of a family.
pub fn member(family: &str, listener: Listener) -> Result<Box<dyn Receiver>> {
    let group = Family::find(family)?.group("events")?;
    Ok(on(netlink::joined(group)?, listener))
}

/// A listener on a socket that events come to.
pub fn on(socket: Socket, listener: Listener) -> Box<dyn Receiver> {
    Box::new(Member {
        socket,
        waiting: Waiting::new(listener),
        buffer: vec![0; DATAGRAM],
        gaps: Gaps::default(),
    })
}

/// A socket that events come to.
pub struct Member {
    socket: Socket,
    waiting: Waiting,
    buffer: Vec<u8>,
    gaps: Gaps,
}

impl Receiver for Member {
    fn receive(&mut self) -> io::Result<Seen> {
        loop {
            let received = self
                .waiting
                .receive(netlink::fd(&self.socket), &mut self.buffer);
            let returned_ns = clock::now();
            let length = match received {
                Ok(length) => length,
                // The next event's number says how many are missing.
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => continue,
                Err(error) => return Err(error),
            };
            let datagram = self.buffer.get(..length).unwrap_or_default();
            let Some((seq, time)) = netlink::event(datagram) else {
                continue;
            };
            return Ok(Seen {
                returned_ns,
                handled_ns: Some(time),
                events: 1,
                told: self.gaps.before(seq),
            });
        }
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}
