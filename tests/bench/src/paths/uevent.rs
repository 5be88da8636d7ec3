//! A uevent (`KOBJ_CHANGE`) of the device, received as udevd and `udevadm monitor --kernel`
//! receive it: from a socket of `NETLINK_KOBJECT_UEVENT`.
//!
//! No stock driver raises one from an interrupt, and none can from its handler, since
//! `kobject_uevent()` sleeps. So the C twin does it from a work item, as drivers do that tell of
//! a change in this way. What udevd makes of it afterwards (rules, its own multicast, programs)
//! is not in these figures, and would come on top.

use std::io;

use anyhow::{Context as _, Result};
use irqcast_bench::schema::Listener;
use netlink_sys::{Socket, protocols::NETLINK_KOBJECT_UEVENT};
use nix::sys::socket::{setsockopt, sockopt};

use super::{Path, Source, twin::Twin};
use crate::{
    clock,
    receive::{Gaps, Receiver, Seen},
    waiting::Waiting,
};

/// The group that the kernel sends to; udevd sends to the second.
const KERNEL_GROUP: u32 = 1;

/// The queue that udevd asks for.
const QUEUE: usize = 128 * 1024 * 1024;

/// The path.
pub const PATH: Path = Path {
    name: "uevent",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 256,
    payload: false,
    // The work item merges interrupts, and nothing says how many. (What the socket drops shows
    // in the sequence number of all uevents of the system together.)
    told: false,
    open: |_, options| Ok(Box::new(Uevents(Twin::load("uevent=1", options)?))),
};

struct Uevents(Twin);

impl Source for Uevents {
    fn receiver(&mut self, listener: Listener) -> Result<Box<dyn Receiver>> {
        let mut socket = Socket::new(NETLINK_KOBJECT_UEVENT).context("failed to open a socket")?;
        socket.bind_auto().context("failed to bind a socket")?;
        setsockopt(&socket, sockopt::RcvBufForce, &QUEUE)?;
        socket
            .add_membership(KERNEL_GROUP)
            .context("failed to join a group")?;
        Ok(Box::new(Monitor {
            socket,
            waiting: Waiting::new(listener),
            buffer: vec![0; 4096],
            gaps: Gaps::default(),
        }))
    }

    fn handler_ns(&mut self) -> Option<u64> {
        self.0.handler_ns()
    }
}

struct Monitor {
    socket: Socket,
    waiting: Waiting,
    buffer: Vec<u8>,
    gaps: Gaps,
}

impl Receiver for Monitor {
    fn receive(&mut self) -> io::Result<Seen> {
        loop {
            let received = self
                .waiting
                .receive_from(crate::netlink::fd(&self.socket), &mut self.buffer);
            let returned_ns = clock::now();
            let length = match received {
                Ok((length, 0)) => length,
                Ok(_) => continue,
                Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ENOBUFS as i32) => {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let message = self.buffer.get(..length).unwrap_or_default();
            let (ours, seq) = parse(message);
            let told = seq.map_or(0, |seq| self.gaps.before(seq));
            if ours {
                return Ok(Seen {
                    returned_ns,
                    handled_ns: None,
                    events: 1,
                    told,
                });
            }
        }
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}

/// Whether a message tells of a change, and its sequence number.
fn parse(message: &[u8]) -> (bool, Option<u64>) {
    let mut fields = message.split(|byte| *byte == 0);
    let ours = fields
        .next()
        .is_some_and(|header| header.starts_with(b"change@"));
    let seq = fields
        .filter_map(|field| std::str::from_utf8(field).ok()?.strip_prefix("SEQNUM="))
        .find_map(|number| number.parse().ok());
    (ours, seq)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn change_and_number_are_read() {
        let message = b"change@/devices/pci0000:00/0000:00:02.0\0ACTION=change\0SEQNUM=812\0";
        assert_eq!(parse(message), (true, Some(812)));
        assert_eq!(parse(b"add@/module/x\0SEQNUM=1\0"), (false, Some(1)));
        assert_eq!(parse(b""), (false, None));
    }
}
