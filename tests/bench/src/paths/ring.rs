//! The driver's ring of events, mapped (docs/protocol.md, "The mapped ring").

use std::{
    fs::File,
    num::NonZeroUsize,
    path::Path,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering, fence},
};

use anyhow::{Context as _, Result, ensure};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use super::record::{LENGTH, Record};

/// Where things are in the header, in words.
const VERSION_AND_HEADER_SIZE: usize = 1;
const RECORD_SIZE: usize = 2;
const CAPACITY: usize = 3;
const HEAD: usize = 8;

/// A mapped ring.
pub struct Ring {
    start: NonNull<AtomicU64>,
    length: NonZeroUsize,
    /// In words.
    header: usize,
    /// In words.
    record: usize,
    capacity: u64,
}

// SAFETY: the mapping belongs to the process, and all access is by atomic loads.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the ring of the device whose node this is.
    pub fn map(node: &Path) -> Result<Self> {
        let file =
            File::open(node).with_context(|| format!("failed to open {}", node.display()))?;
        let page = NonZeroUsize::new(4096).context("a page has bytes")?;
        let header = Self::part(&file, page)?;
        let size = header.word(VERSION_AND_HEADER_SIZE) >> 32;
        let record = header.word(RECORD_SIZE) & u64::from(u32::MAX);
        let capacity = header.word(CAPACITY);
        ensure!(
            capacity.is_power_of_two(),
            "the ring's header makes no sense"
        );
        let length = NonZeroUsize::new(usize::try_from(size + capacity * record)?);
        let mut ring = Self::part(&file, length.context("the ring is empty")?)?;
        ring.header = usize::try_from(size)? / 8;
        ring.record = usize::try_from(record)? / 8;
        ring.capacity = capacity;
        Ok(ring)
    }

    fn part(file: &File, length: NonZeroUsize) -> Result<Self> {
        // SAFETY: a new mapping at an address that the kernel chooses replaces no other.
        let start = unsafe {
            mmap(
                None,
                length,
                ProtFlags::PROT_READ,
                MapFlags::MAP_SHARED | MapFlags::MAP_POPULATE,
                file,
                0,
            )
        };
        Ok(Self {
            start: start.context("failed to map the ring")?.cast(),
            length,
            header: 0,
            record: 0,
            capacity: 0,
        })
    }

    /// Sequence number of the last event.
    pub fn head(&self) -> u64 {
        let head = self.word(HEAD);
        fence(Ordering::Acquire);
        head
    }

    /// Bytes of a record with its payload.
    pub fn record_size(&self) -> usize {
        self.record * 8
    }

    /// Events that are kept.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The event, if it is there.
    pub fn get(&self, seq: u64) -> Option<Record> {
        let place = usize::try_from(seq & (self.capacity - 1)).ok()?;
        let first = self.header + place * self.record;
        if self.word(first) != seq {
            return None;
        }
        fence(Ordering::Acquire);
        let mut bytes = [0; LENGTH];
        for (word, to) in (first..).zip(bytes.chunks_exact_mut(8)) {
            to.copy_from_slice(&self.word(word).to_ne_bytes());
        }
        fence(Ordering::Acquire);
        (self.word(first) == seq).then(|| Record::decode(&bytes))?
    }

    fn word(&self, index: usize) -> u64 {
        assert!(index < self.length.get() / 8, "the ring ends before");
        // SAFETY: it was just checked that the word is within the mapping, which lives as long
        // as `self`. The driver writes it as a whole.
        unsafe { self.start.add(index).as_ref() }.load(Ordering::Relaxed)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nothing refers to it any more.
        let _ = unsafe { munmap(self.start.cast(), self.length.get()) };
    }
}
