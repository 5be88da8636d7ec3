//! The mapped ring, read as docs/protocol.md says.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use anyhow::{Result, ensure};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use crate::node::{Node, RECORD, Record};

/// Size of the header where pages have 4096 bytes.
pub const HEADER: usize = 4096;

/// What the ring has of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// It has not been yet.
    NotYet,
    /// It was overwritten.
    Lost,
    /// It.
    Event(Record),
}

/// A mapping of a device's ring.
pub struct Mapped {
    start: std::ptr::NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is only read, by atomic operations where the driver writes.
unsafe impl Sync for Mapped {}

impl Mapped {
    /// Maps `length` bytes from `offset` on, with this protection.
    pub fn with(node: &Node, length: usize, offset: i64, prot: ProtFlags) -> io::Result<Self> {
        let size = std::num::NonZeroUsize::new(length).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: a new mapping at an address that the kernel chooses.
        let start = unsafe { mmap(None, size, prot, MapFlags::MAP_SHARED, node.as_fd(), offset)? };
        Ok(Self {
            start: start.cast(),
            length,
        })
    }

    /// Maps the header, then the whole ring.
    pub fn new(node: &Node) -> Result<Self> {
        let header = Self::with(node, HEADER, 0, ProtFlags::PROT_READ)?;
        ensure!(header.bytes(0, 8) == b"irqcast\0", "wrong magic");
        ensure!(header.u32(8) == 1, "version {}", header.u32(8));
        ensure!(header.u32(12) as usize == HEADER);
        let length = HEADER + usize::try_from(header.u64(24))? * header.u32(16) as usize;
        Ok(Self::with(node, length, 0, ProtFlags::PROT_READ)?)
    }

    /// Address of the first byte.
    pub fn address(&self) -> *mut std::ffi::c_void {
        self.start.as_ptr().cast()
    }

    /// Number of bytes that are mapped.
    pub fn length(&self) -> usize {
        self.length
    }

    fn bytes(&self, at: usize, length: usize) -> Vec<u8> {
        assert!(at + length <= self.length, "outside the mapping");
        // SAFETY: within the mapping, which lives as long as `self`. What the driver writes
        // meanwhile is found by the sequence number.
        unsafe {
            let start = self.start.add(at);
            (0..length).map(|i| start.add(i).read_volatile()).collect()
        }
    }

    fn atomic(&self, at: usize) -> &AtomicU64 {
        assert!(at + 8 <= self.length && at.is_multiple_of(8));
        // SAFETY: within the mapping, aligned, and always accessed as a whole.
        unsafe { self.start.add(at).cast::<AtomicU64>().as_ref() }
    }

    /// The u32 at an offset.
    pub fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.bytes(at, 4).try_into().expect("four bytes"))
    }

    /// The u64 at an offset.
    pub fn u64(&self, at: usize) -> u64 {
        self.atomic(at).load(Ordering::Acquire)
    }

    /// Number of records.
    pub fn capacity(&self) -> u64 {
        self.u64(24)
    }

    /// Whether there will be no more events.
    pub fn ended(&self) -> bool {
        self.u64(32) != 0
    }

    /// Sequence number of the last event.
    pub fn head(&self) -> u64 {
        self.u64(64)
    }

    /// The event `seq`.
    pub fn get(&self, seq: u64) -> Result<Found> {
        if self.head() < seq {
            return Ok(Found::NotYet);
        }
        let place = usize::try_from(seq & (self.capacity() - 1))?;
        let at = HEADER + place * self.u32(16) as usize;
        if self.u64(at) != seq {
            return Ok(Found::Lost);
        }
        let bytes = self.bytes(at, RECORD);
        fence(Ordering::Acquire);
        if self.atomic(at).load(Ordering::Relaxed) != seq {
            return Ok(Found::Lost);
        }
        Record::decode(&bytes).map(Found::Event)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody has a reference into it any more.
        let _ = unsafe { munmap(self.start.cast(), self.length) };
    }
}
