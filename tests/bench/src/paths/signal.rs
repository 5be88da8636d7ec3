//! Signals: `fasync` with `SIGIO`, and with `F_SETSIG` a real-time signal that is queued.
//!
//! A signal says which file, and no more. The time is taken when the wait for the signal
//! returns; then one read takes what is there, which is what such a listener does next. Blocking
//! is `sigwaitinfo`, the others read a signalfd. `SIGIO` that is pending is not sent again,
//! so several events may be one signal. A real-time signal is queued for each event, until the
//! queue of the user is full; then the kernel sends `SIGIO` instead.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, AsRawFd as _},
};

use anyhow::Result;
use irqcast_bench::schema::Listener;
use nix::{
    errno::Errno,
    libc,
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
};

use super::{
    Path,
    chardev::node,
    irqcast::{Driver, bit},
    record,
};
use crate::{
    clock,
    receive::{Receiver, Seen},
    waiting::Waiting,
};

/// `F_SETSIG` and `F_SETOWN_EX` of include/uapi/asm-generic/fcntl.h.
const F_SETSIG: libc::c_int = 10;
const F_SETOWN_EX: libc::c_int = 15;
/// `F_OWNER_TID`: the owner is one thread.
const F_OWNER_TID: libc::c_int = 0;

/// Bytes of `struct signalfd_siginfo`.
const SIGNAL_INFO: usize = 128;

/// Records that one read may bring.
const RECORDS: usize = 64;

/// `SIGIO`.
pub const SIGIO: Path = Path {
    name: "sigio",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 256,
    payload: false,
    told: true,
    open: |_, options| Driver::load(bit::SIGNAL, options, |listener| open(listener, None)),
};

/// A real-time signal.
pub const REAL_TIME: Path = Path {
    name: "rt-signal",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 256,
    payload: false,
    told: true,
    open: |_, options| {
        Driver::load(bit::SIGNAL, options, |listener| {
            open(listener, Some(libc::SIGRTMIN() + 1))
        })
    },
};

fn open(listener: Listener, signal: Option<libc::c_int>) -> Result<Box<dyn Receiver>> {
    Ok(Box::new(Signalled {
        file: node(libc::O_NONBLOCK)?,
        listener,
        signal,
        waiting: Waiting::new(listener),
        prepared: None,
        reads: 0,
        buffer: vec![0; RECORDS * record::LENGTH],
    }))
}

struct Signalled {
    file: File,
    listener: Listener,
    signal: Option<libc::c_int>,
    waiting: Waiting,
    /// Made by the thread that listens, since signals are a thread's.
    prepared: Option<Prepared>,
    reads: u64,
    buffer: Vec<u8>,
}

struct Prepared {
    set: SigSet,
    file: Option<SignalFd>,
}

#[repr(C)]
struct Owner {
    kind: libc::c_int,
    id: libc::pid_t,
}

impl Signalled {
    /// Blocks the signals in this thread, which makes them wait until they are taken, and asks
    /// for them.
    fn prepare(&mut self) -> io::Result<Prepared> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGIO);
        if let Some(signal) = self.signal {
            // SAFETY: the set is a valid one of the C library, as nix's type promises.
            let mut raw = *set.as_ref();
            // SAFETY: `raw` is initialised, and the number is that of a signal.
            unsafe { libc::sigaddset(&raw mut raw, signal) };
            // SAFETY: as above, `raw` is an initialised set.
            set = unsafe { SigSet::from_sigset_t_unchecked(raw) };
        }
        set.thread_block()?;
        let file = match self.listener {
            Listener::Blocking => None,
            _ => Some(SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC)?),
        };
        let owner = Owner {
            kind: F_OWNER_TID,
            // SAFETY: gettid takes nothing and always succeeds.
            id: unsafe { libc::gettid() },
        };
        self.control(F_SETOWN_EX, &raw const owner as usize)?;
        if let Some(signal) = self.signal {
            self.control(F_SETSIG, signal as usize)?;
        }
        let flags = libc::O_NONBLOCK | libc::O_ASYNC;
        self.control(libc::F_SETFL, flags as usize)?;
        Ok(Prepared { set, file })
    }

    fn control(&self, command: libc::c_int, argument: usize) -> io::Result<()> {
        // SAFETY: the callers above pass numbers, or the address of a value that lives over the
        // call.
        let result = unsafe { libc::fcntl(self.file.as_raw_fd(), command, argument) };
        Errno::result(result)?;
        Ok(())
    }

    /// Waits for a signal.
    fn wait(&mut self) -> io::Result<()> {
        if self.prepared.is_none() {
            self.prepared = Some(self.prepare()?);
        }
        let Some(prepared) = &self.prepared else {
            return Ok(());
        };
        match &prepared.file {
            Some(file) => {
                let mut info = [0; SIGNAL_INFO];
                self.waiting.read(file.as_fd(), &mut info)?;
            }
            None => {
                self.waiting.count_syscall();
                // SAFETY: the set is initialised, and no information is asked for.
                let result =
                    unsafe { libc::sigwaitinfo(prepared.set.as_ref(), std::ptr::null_mut()) };
                Errno::result(result)?;
            }
        }
        Ok(())
    }
}

impl Receiver for Signalled {
    fn receive(&mut self) -> io::Result<Seen> {
        self.wait()?;
        let returned_ns = clock::now();
        let mut seen = Seen {
            returned_ns,
            handled_ns: None,
            events: 0,
            told: 0,
        };
        loop {
            self.reads += 1;
            let length = match nix::unistd::read(self.file.as_fd(), &mut self.buffer) {
                // An earlier read took the event of this signal.
                Err(Errno::EAGAIN) => 0,
                result => result?,
            };
            let bytes = self.buffer.get(..length).unwrap_or_default();
            let (events, told, last) = record::sum(bytes, record::LENGTH);
            seen.handled_ns = last.map(|record| record.time_ns).or(seen.handled_ns);
            seen.events += events;
            seen.told += told;
            // No other signal may come for what is left.
            if length < self.buffer.len() {
                return Ok(seen);
            }
        }
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls() + self.reads
    }
}
