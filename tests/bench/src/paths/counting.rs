//! Listeners that read a counter: an eventfd's, or that of a UIO device.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
};

use crate::{
    clock,
    device::{Configuration, Registers},
    receive::{Receiver, Seen},
    waiting::{Waiting, bytes_of},
};

/// Reads an eventfd. The number that it reads is how many events there were since the last
/// read, so that nothing is missed but what they would have said.
pub struct Eventfd {
    /// The eventfd.
    pub file: OwnedFd,
    /// How to wait.
    pub waiting: Waiting,
    /// The device, where nobody but the listener acknowledges.
    pub acknowledge: Option<Registers>,
}

impl Receiver for Eventfd {
    fn receive(&mut self) -> io::Result<Seen> {
        let mut count = 0;
        self.waiting.read(self.file.as_fd(), bytes_of(&mut count))?;
        let returned_ns = clock::now();
        if let Some(registers) = &self.acknowledge {
            registers.acknowledge();
        }
        Ok(Seen {
            returned_ns,
            handled_ns: None,
            events: count,
            told: 0,
        })
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}

/// Reads a UIO device. It says how many interrupts there were in all.
pub struct Uio {
    /// The device node.
    pub file: OwnedFd,
    /// How to wait.
    pub waiting: Waiting,
    /// Acknowledged by the listener: the kernel's driver knows nothing of the device.
    pub registers: Registers,
    /// The handler masks the line, and the listener unmasks it.
    pub configuration: Configuration,
    /// What the last read said.
    pub last: u32,
}

impl Receiver for Uio {
    fn receive(&mut self) -> io::Result<Seen> {
        let mut count = [0; 4];
        self.waiting.read(self.file.as_fd(), &mut count)?;
        let returned_ns = clock::now();
        let count = u32::from_ne_bytes(count);
        let events = count.wrapping_sub(self.last);
        self.last = count;
        // In this order, or else the line interrupts again at once.
        self.registers.acknowledge();
        self.configuration.unmask_line()?;
        self.waiting.count_syscall();
        Ok(Seen {
            returned_ns,
            handled_ns: None,
            events: events.into(),
            told: 0,
        })
    }

    fn syscalls(&self) -> u64 {
        self.waiting.syscalls()
    }
}
