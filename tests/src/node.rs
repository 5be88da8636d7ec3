//! The character device, byte by byte (docs/protocol.md, "The character device").

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::{Context as _, Result, ensure};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Size of a record without a payload.
pub const RECORD: usize = 64;

/// Commands of the device.
pub mod command {
    /// `_IOR(0xeb, 1, 64 bytes)`
    pub const NEXT: u64 = 0x8040_eb01;
    /// `_IOW(0xeb, 2, u64)`
    pub const SET_NEXT: u64 = 0x4008_eb02;
    /// `_IOW(0xeb, 3, i32)`
    pub const ADD_EVENTFD: u64 = 0x4004_eb03;
    /// `_IOW(0xeb, 4, i32)`
    pub const REMOVE_EVENTFD: u64 = 0x4004_eb04;
}

/// An event as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Sequence number.
    pub seq: u64,
    /// `CLOCK_MONOTONIC` in the handler, ns.
    pub time_ns: u64,
    /// Instance number.
    pub device: u32,
    /// Status bits.
    pub cause: u32,
    /// Which of `data` are there.
    pub present: u32,
    /// How long the handler took.
    pub handler_ns: u32,
    /// Factorial and DMA.
    pub data: [u32; 4],
    /// Events lost before this one.
    pub lost: u64,
}

impl Record {
    /// Reads the 64 bytes of a record.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let u64_at = |at: usize| -> Result<u64> {
            let bytes = bytes.get(at..at + 8).context("a record is cut off")?;
            Ok(u64::from_ne_bytes(bytes.try_into()?))
        };
        let u32_at = |at: usize| -> Result<u32> {
            let bytes = bytes.get(at..at + 4).context("a record is cut off")?;
            Ok(u32::from_ne_bytes(bytes.try_into()?))
        };
        ensure!(u64_at(56)? == 0, "the reserved field is not 0");
        Ok(Self {
            seq: u64_at(0)?,
            time_ns: u64_at(8)?,
            device: u32_at(16)?,
            cause: u32_at(20)?,
            present: u32_at(24)?,
            handler_ns: u32_at(28)?,
            data: [u32_at(32)?, u32_at(36)?, u32_at(40)?, u32_at(44)?],
            lost: u64_at(48)?,
        })
    }
}

/// An open file of a device.
pub struct Node(File);

impl Node {
    /// Path of the edu device `instance`.
    pub fn path(instance: u32) -> String {
        format!("/dev/irqcast{instance}")
    }

    /// Opens a device, to wait where there is nothing to read.
    pub fn open(instance: u32) -> io::Result<Self> {
        Self::open_with(instance, 0)
    }

    /// Opens a device that fails where there is nothing to read.
    pub fn open_nonblocking(instance: u32) -> io::Result<Self> {
        Self::open_with(instance, libc::O_NONBLOCK)
    }

    fn open_with(instance: u32, flags: i32) -> io::Result<Self> {
        Self::open_path(&Self::path(instance), flags)
    }

    /// Opens the node at `path` with further flags of `open`.
    pub fn open_path(path: &str, flags: i32) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags);
        options.open(path).map(Self)
    }

    /// One call of `read` with room for `count` records.
    pub fn read(&self, count: usize) -> io::Result<Vec<Record>> {
        let mut bytes = vec![0xff; count * RECORD];
        let length = (&self.0).read(&mut bytes)?;
        if length % RECORD != 0 {
            return Err(io::Error::other(format!("{length} are no whole records")));
        }
        bytes[..length]
            .chunks_exact(RECORD)
            .map(|bytes| Record::decode(bytes).map_err(io::Error::other))
            .collect()
    }

    /// One call of `read` with this buffer, whatever it points to.
    pub fn read_raw(&self, buffer: *mut libc::c_void, length: usize) -> io::Result<usize> {
        // SAFETY: the kernel checks the buffer, and the caller made it for nothing else.
        let read = unsafe { libc::read(self.0.as_raw_fd(), buffer, length) };
        usize::try_from(read).map_err(|_| io::Error::last_os_error())
    }

    /// One call of `ioctl` with a pointer, whatever it points to.
    pub fn ioctl(&self, command: u64, argument: *mut libc::c_void) -> io::Result<()> {
        // SAFETY: the kernel checks the pointer, and the caller made it for nothing else.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), command as _, argument) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// The next event, by the command that returns it.
    pub fn next(&self) -> io::Result<Record> {
        let mut bytes = [0u8; RECORD];
        self.ioctl(command::NEXT, bytes.as_mut_ptr().cast())?;
        Record::decode(&bytes).map_err(io::Error::other)
    }

    /// Makes the event `seq` the next one.
    pub fn set_next(&self, mut seq: u64) -> io::Result<()> {
        self.ioctl(command::SET_NEXT, (&raw mut seq).cast())
    }

    /// Hands over an eventfd, whatever `descriptor` is.
    pub fn add_eventfd(&self, mut descriptor: i32) -> io::Result<()> {
        self.ioctl(command::ADD_EVENTFD, (&raw mut descriptor).cast())
    }

    /// Takes an eventfd back.
    pub fn remove_eventfd(&self, mut descriptor: i32) -> io::Result<()> {
        self.ioctl(command::REMOVE_EVENTFD, (&raw mut descriptor).cast())
    }

    /// What the file is ready for, now or within `limit`.
    pub fn poll(&self, limit: PollTimeout) -> Result<PollFlags> {
        let mut fds = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, limit)?;
        fds[0].revents().context("poll returned unknown bits")
    }
}

impl AsFd for Node {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Checks that a call failed with this error.
pub fn fails_with<T: std::fmt::Debug>(result: io::Result<T>, errno: i32) -> Result<()> {
    match result {
        Err(error) if error.raw_os_error() == Some(errno) => Ok(()),
        other => anyhow::bail!(
            "expected {}, not {other:?}",
            io::Error::from_raw_os_error(errno)
        ),
    }
}
