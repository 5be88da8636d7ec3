// SPDX-License-Identifier: GPL-2.0

//! The history of a device: a ring that holds its last events.
//!
//! The handler writes and nobody else; readers in the kernel and in processes that have mapped the
//! ring read at any time, and find out by sequence numbers whether the handler overwrote what they
//! were reading. `docs/protocol.md` documents layout and protocol, in the section "The mapped ring".

use core::ptr::NonNull;

use kernel::{
    alloc::allocator::VmallocPageIter,
    mm::virt::VmaNew,
    page::PAGE_SIZE,
    prelude::*, //
};

use super::{
    record::{
        Record,
        HANDLER_NS_WORD,
        LOST_WORD,
        RECORD_WORDS,
        SEQ_WORD, //
    },
    word::{
        read_barrier,
        write_barrier,
        Word, //
    }, //
};

/// First word of the ring: "irqcast" and a NUL, as text.
const MAGIC: u64 = u64::from_ne_bytes(*b"irqcast\0");

/// Version of the layout.
const VERSION: u32 = 1;

/// Number of words before the first record: a page.
const HEADER_WORDS: usize = PAGE_SIZE / size_of::<Word>();

/// Words of the header.
mod header {
    /// [`MAGIC`](super::MAGIC).
    pub(super) const MAGIC: usize = 0;
    /// `u32` version, `u32` size of the header in bytes.
    pub(super) const VERSION: usize = 1;
    /// `u32` size of a record in bytes, `u32` instance number of the device.
    pub(super) const RECORD_SIZE: usize = 2;
    /// Number of records in the ring, a power of two.
    pub(super) const CAPACITY: usize = 3;
    /// 1 when there will be no more events.
    pub(super) const ENDED: usize = 4;
    /// Sequence number of the last event; before the first, one less than its own. In a cache line
    /// of its own.
    pub(super) const HEAD: usize = 8;
}

/// How many events the ring of a device may hold.
pub(super) const CAPACITIES: core::ops::RangeInclusive<u32> = 16..=1_048_576;

/// The last events of a device.
pub(super) struct Ring {
    /// The header and then the records, in whole pages of their own.
    words: VVec<Word>,
    /// Number of words of a record.
    record_words: usize,
    /// Number of records, less one.
    mask: u64,
    /// Sequence number of the first event that there will be.
    first: u64,
}

/// A record is not in the ring any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overwritten;

impl Ring {
    /// Makes a ring for the device `number` that holds `capacity` events, rounded up to a power of
    /// two, each followed by `payload` words. The first event will be `first`, from 1 on.
    pub(super) fn new(number: u32, capacity: u32, payload: usize, first: u64) -> Result<Self> {
        let capacity = capacity
            .clamp(*CAPACITIES.start(), *CAPACITIES.end())
            .next_power_of_two();
        let record_words = RECORD_WORDS + payload;
        // Whole pages, so that those who map them see nothing else.
        let length = (HEADER_WORDS + capacity as usize * record_words)
            .next_multiple_of(PAGE_SIZE / size_of::<Word>());

        let mut words = VVec::with_capacity(length, GFP_KERNEL)?;
        for _ in 0..length {
            words.push_within_capacity(Word::new(0))?;
        }

        let ring = Self {
            words,
            record_words,
            mask: u64::from(capacity) - 1,
            first,
        };
        // CAST: A page, and at most 4096 bytes and a record, fit into 32 bits.
        let (header_size, record_size) = (PAGE_SIZE as u32, (record_words * 8) as u32);
        ring.words[header::VERSION].write(pair(VERSION, header_size));
        ring.words[header::RECORD_SIZE].write(pair(record_size, number));
        ring.words[header::CAPACITY].write(u64::from(capacity));
        ring.words[header::HEAD].write(first - 1);
        ring.words[header::MAGIC].write(MAGIC);
        Ok(ring)
    }

    /// Returns how many events the ring holds.
    pub(super) fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// Returns the number of words of a record with its payload.
    pub(super) fn record_words(&self) -> usize {
        self.record_words
    }

    /// Returns the sequence number of the first event that there was or will be.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Returns the sequence number of the last event; before the first, one less than its own.
    #[inline]
    pub(super) fn head(&self) -> u64 {
        let head = self.words[header::HEAD].read();
        read_barrier();
        head
    }

    /// Returns the sequence number of the oldest event that is there, or else of the first.
    pub(super) fn oldest(&self) -> u64 {
        self.head().saturating_sub(self.mask).max(self.first)
    }

    /// Adds an event. To be called by the handler only, for sequence numbers without a gap.
    ///
    /// `payload` has as many words as [`Self::new`] was told.
    #[inline]
    pub(super) fn write(&self, record: &Record, payload: &[u64]) {
        let Some((fixed, rest)) = self.slot(record.seq).split_first_chunk::<RECORD_WORDS>() else {
            // Cannot happen: each record has as many.
            return;
        };
        let words = record.to_words();

        // Whoever reads the old event must not take parts of the new one for it.
        fixed[SEQ_WORD].write(0);
        write_barrier();
        // All but the first, which is the sequence number.
        for place in SEQ_WORD + 1..RECORD_WORDS {
            fixed[place].write(words[place]);
        }
        for (word, value) in rest.iter().zip(payload) {
            word.write(*value);
        }
        // Whoever sees the sequence number sees the event too.
        write_barrier();
        fixed[SEQ_WORD].write(record.seq);
        write_barrier();
        self.words[header::HEAD].write(record.seq);
    }

    /// Adds to the event that was written last how long the handler took. To be called by the
    /// handler only.
    pub(super) fn write_duration(&self, record: &Record, handler_ns: u32) {
        self.slot(record.seq)[HANDLER_NS_WORD].write(record.handler_ns_word(handler_ns));
    }

    /// Tells those who have mapped the ring that there will be no more events.
    pub(super) fn end(&self) {
        write_barrier();
        self.words[header::ENDED].write(1);
    }

    /// Returns whether there will be no more events.
    pub(super) fn is_ended(&self) -> bool {
        let is_ended = self.words[header::ENDED].read() != 0;
        read_barrier();
        is_ended
    }

    /// Maps the ring for reading into a new area of a process.
    pub(super) fn map(&self, area: &VmaNew) -> Result {
        let pages = shared_pages(&self.words);
        if area.end() - area.start() > pages.page_count() * PAGE_SIZE {
            return Err(EINVAL);
        }
        if area.writable() {
            return Err(EACCES);
        }
        area.try_clear_maywrite()?;
        area.set_dontexpand();

        let area = area.set_mixedmap();
        (area.start()..area.end())
            .step_by(PAGE_SIZE)
            .zip(pages)
            .try_for_each(|(address, page)| area.vm_insert_page(address, &page))
    }

    /// Copies the event `seq`, which has been written once, to `to`, with as much of its payload as
    /// there is room for.
    pub(super) fn read(&self, seq: u64, to: &mut [u64]) -> Result<(), Overwritten> {
        let slot = self.slot(seq);

        if slot[SEQ_WORD].read() != seq {
            return Err(Overwritten);
        }
        read_barrier();
        for (value, word) in to.iter_mut().zip(slot) {
            *value = word.read();
        }
        read_barrier();
        if slot[SEQ_WORD].read() != seq {
            return Err(Overwritten);
        }
        Ok(())
    }

    /// Copies the first event from `next` on that is still there to `to`, and returns its sequence
    /// number: `next` where nothing was lost. Its word [`LOST_WORD`] then says how many were.
    ///
    /// Returns [`None`] when there is none yet.
    pub(super) fn read_from(&self, next: u64, to: &mut [u64]) -> Option<u64> {
        // What was before the first is not lost.
        let next = next.max(self.first);
        let mut keep = self.capacity();

        loop {
            let head = self.head();
            if next > head {
                return None;
            }

            let seq = next.max(head.saturating_sub(keep - 1));
            if self.read(seq, to).is_ok() {
                if let Some(lost) = to.get_mut(LOST_WORD) {
                    *lost = seq - next;
                }
                return Some(seq);
            }
            // The handler is just overwriting it. Keep away from it, so as not to run after it.
            keep = self.capacity() / 2;
        }
    }

    fn slot(&self, seq: u64) -> &[Word] {
        // CAST: At most the capacity, which is a `u32`.
        let place = (seq & self.mask) as usize;
        let start = HEADER_WORDS + place * self.record_words;
        &self.words[start..start + self.record_words]
    }
}

/// Returns the pages that `words` are in, the last of which holds nothing else.
fn shared_pages(words: &VVec<Word>) -> VmallocPageIter<'_> {
    let bytes = words.len() * size_of::<Word>();

    // SAFETY: A `VVec` is in an allocation of its own, which starts with a page and lives for as
    // long as it is borrowed. It is never empty here.
    unsafe { VmallocPageIter::new(NonNull::from(words.as_slice()).cast(), bytes) }
}

/// Two `u32` fields that follow each other, as one word.
fn pair(first: u32, second: u32) -> u64 {
    if cfg!(target_endian = "little") {
        u64::from(first) | u64::from(second) << 32
    } else {
        u64::from(first) << 32 | u64::from(second)
    }
}

#[kunit_tests(irqcast_ring)]
mod tests {
    use super::{
        super::record::LAST_SEQ,
        *, //
    };

    fn filled(capacity: u32, payload: &[u64], last: u64) -> Result<Ring> {
        filled_from(1, capacity, payload, last)
    }

    fn filled_from(first: u64, capacity: u32, payload: &[u64], last: u64) -> Result<Ring> {
        let ring = Ring::new(3, capacity, payload.len(), first)?;
        for seq in first..=last {
            let record = Record {
                seq,
                cause: seq as u32,
                ..Record::default()
            };
            ring.write(&record, payload);
        }
        Ok(ring)
    }

    #[test]
    fn capacity_is_a_power_of_two_within_limits() -> Result {
        for (asked, given) in [(0, 16), (16, 16), (17, 32), (4096, 4096)] {
            assert_eq!(Ring::new(0, asked, 0, 1)?.capacity(), given);
        }
        Ok(())
    }

    #[test]
    fn reading_goes_on_after_what_was_overwritten() -> Result {
        // (last, next, read, lost)
        for (last, next, read, lost) in [
            (0, 1, None, 0),
            (1, 1, Some(1), 0),
            (1, 2, None, 0),
            (16, 1, Some(1), 0),
            (17, 1, Some(2), 1),
            (40, 17, Some(25), 8),
            (40, 25, Some(25), 0),
        ] {
            let ring = filled(16, &[], last)?;
            let mut words = [0; RECORD_WORDS];
            assert_eq!(ring.read_from(next, &mut words), read);
            if let Some(seq) = read {
                let record = Record::from_words(words);
                assert_eq!((record.seq, record.lost), (seq, lost));
                assert_eq!(u64::from(record.cause), seq);
            }
        }
        Ok(())
    }

    #[test]
    fn numbers_may_begin_and_end_anywhere() -> Result {
        for first in [1, 15, u64::from(u32::MAX) - 5, LAST_SEQ - 40] {
            let empty = filled_from(first, 16, &[], first - 1)?;
            let mut words = [0; RECORD_WORDS];
            assert_eq!((empty.head(), empty.oldest()), (first - 1, first));
            assert_eq!(empty.read_from(1, &mut words), None);

            // (events, next, read, lost), all but the number of events counted from `first`
            for (events, next, read, lost) in [
                (1, 0, Some(0), 0),
                (1, 1, None, 0),
                (17, 0, Some(1), 1),
                (41, 20, Some(25), 5),
                (41, 40, Some(40), 0),
                (41, 41, None, 0),
            ] {
                let ring = filled_from(first, 16, &[], first - 1 + events)?;
                let read = read.map(|read| first + read);
                assert_eq!(ring.read_from(first + next, &mut words), read);
                if read.is_some() {
                    assert_eq!(Record::from_words(words).lost, lost);
                }
                // Nobody lost what never was.
                let oldest = ring.oldest();
                assert_eq!(ring.read_from(0, &mut words), Some(oldest));
                assert_eq!(Record::from_words(words).lost, oldest - first);
            }
        }
        Ok(())
    }

    #[test]
    fn an_overwritten_event_is_not_another() -> Result {
        let ring = filled(16, &[], 17)?;
        let mut words = [0; RECORD_WORDS];
        assert_eq!(ring.read(1, &mut words), Err(Overwritten));
        assert_eq!(ring.read(17, &mut words), Ok(()));
        Ok(())
    }

    #[test]
    fn payload_follows_its_record() -> Result {
        let ring = filled(16, &[5, 6], 20)?;
        let mut words = [0; RECORD_WORDS + 2];
        assert_eq!(ring.record_words(), words.len());
        assert_eq!(ring.read(20, &mut words), Ok(()));
        assert_eq!(words[RECORD_WORDS..], [5, 6]);
        Ok(())
    }
}
