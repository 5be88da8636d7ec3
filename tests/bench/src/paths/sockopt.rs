//! `getsockopt` with a handler of the driver: pulling, for comparison.
//!
//! Nobody is told that there is an event, so the only way not to miss one is to ask again and
//! again. Each time is a system call, and that is what this path costs. It needs a processor of
//! its own.

use std::{
    io,
    os::fd::{AsRawFd as _, OwnedFd},
};

use anyhow::Result;
use irqcast_bench::schema::Listener;
use nix::{
    errno::Errno,
    libc,
    sys::socket::{AddressFamily, SockFlag, SockType, socket},
};

use super::{
    Path,
    irqcast::Driver,
    record::{LENGTH, Record},
};
use crate::{
    clock,
    receive::{Receiver, Seen},
};

/// The driver's option.
const OPTION: libc::c_int = 18769;

/// Questions before a listener that asks again and again sees whether it is to end.
const QUESTIONS: u32 = 1000;

/// The path.
pub const PATH: Path = Path {
    name: "sockopt",
    context: None,
    listeners: &[Listener::Spin],
    most_listeners: 1,
    payload: false,
    told: true,
    // The option is always there.
    open: |_, options| Driver::load(0, options, open),
};

fn open(_: Listener) -> Result<Box<dyn Receiver>> {
    let socket = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let mut puller = Puller {
        socket,
        last: 0,
        syscalls: 0,
    };
    // What happened before is nobody's loss.
    while puller.ask()?.is_some() {}
    Ok(Box::new(puller))
}

struct Puller {
    socket: OwnedFd,
    last: u64,
    syscalls: u64,
}

impl Puller {
    /// Asks for the event that follows the last one.
    fn ask(&mut self) -> io::Result<Option<Record>> {
        let mut record = [0; LENGTH];
        if let Some(seq) = record.first_chunk_mut() {
            *seq = self.last.to_ne_bytes();
        }
        let mut length = libc::socklen_t::try_from(LENGTH).unwrap_or(0);
        self.syscalls += 1;
        // SAFETY: the record and its length are ours and live over the call.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_IP,
                OPTION,
                record.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        match Errno::result(result) {
            Err(Errno::EAGAIN) => return Ok(None),
            result => result?,
        };
        let record = Record::decode(&record).ok_or(io::ErrorKind::InvalidData)?;
        self.last = record.seq;
        Ok(Some(record))
    }
}

impl Receiver for Puller {
    fn receive(&mut self) -> io::Result<Seen> {
        for _ in 0..QUESTIONS {
            if let Some(record) = self.ask()? {
                return Ok(Seen {
                    returned_ns: clock::now(),
                    handled_ns: Some(record.time_ns),
                    events: 1,
                    told: record.lost,
                });
            }
        }
        Err(io::ErrorKind::Interrupted.into())
    }

    fn syscalls(&self) -> u64 {
        self.syscalls
    }
}
