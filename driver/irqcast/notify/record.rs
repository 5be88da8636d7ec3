// SPDX-License-Identifier: GPL-2.0

//! An event in its binary form, which is the same on every path but netlink.
//!
//! `docs/protocol.md` documents it, in the section "Records".

use kernel::prelude::*;

/// Number of words of data that an event may have.
pub(crate) const DATA_WORDS: usize = 4;

/// The last sequence number that an event can have. So one more than any is a number, too.
pub(super) const LAST_SEQ: u64 = u64::MAX - 1;

/// One event.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Record {
    /// Sequence number: one more than that of the event before, at most [`LAST_SEQ`].
    pub(crate) seq: u64,
    /// `CLOCK_MONOTONIC` in the handler, in nanoseconds.
    pub(crate) time_ns: u64,
    /// Instance number of the device.
    pub(crate) device: u32,
    /// Bits of the device's interrupt status.
    pub(crate) cause: u32,
    /// Bit i says that `data[i]` is there.
    pub(crate) present: u32,
    /// How long the handler took, in nanoseconds, where that is measured and done.
    pub(crate) handler_ns: u32,
    /// What the device adds.
    pub(crate) data: [u32; DATA_WORDS],
    /// How many events its reader lost just before it.
    pub(crate) lost: u64,
    /// Always 0.
    pub(crate) reserved: u64,
}

/// A record as the ring keeps it.
pub(super) type Words = [u64; RECORD_WORDS];

/// Number of words of a record.
pub(super) const RECORD_WORDS: usize = 8;

/// Word of a record that holds [`Record::seq`].
pub(super) const SEQ_WORD: usize = 0;

/// Word of a record that holds [`Record::present`] and [`Record::handler_ns`].
pub(super) const HANDLER_NS_WORD: usize = 3;

/// Word of a record that holds [`Record::lost`].
pub(super) const LOST_WORD: usize = 6;

impl Record {
    /// Returns the record as words.
    pub(super) fn to_words(self) -> Words {
        // SAFETY: Both have the same size, `Record` has no padding, and any words are valid.
        unsafe { core::mem::transmute::<Self, Words>(self) }
    }

    /// Returns the record that these words are.
    pub(super) fn from_words(words: Words) -> Self {
        // SAFETY: Both have the same size, and all fields of `Record` are integers.
        unsafe { core::mem::transmute::<Words, Self>(words) }
    }

    /// Returns the word that has [`Record::handler_ns`] in it.
    pub(super) fn handler_ns_word(&self, handler_ns: u32) -> u64 {
        Self {
            handler_ns,
            ..*self
        }
        .to_words()[HANDLER_NS_WORD]
    }

    /// Returns the words of data that are there, with their places.
    pub(crate) fn data(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let is_present = |place: &usize| self.present & (1 << place) != 0;
        (0..DATA_WORDS)
            .filter(is_present)
            .map(|place| (place, self.data[place]))
    }
}

#[kunit_tests(irqcast_record)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_their_words() {
        let record = Record {
            seq: 1,
            time_ns: 2,
            device: 3,
            cause: 4,
            present: 0b10,
            handler_ns: 5,
            data: [6, 7, 8, 9],
            lost: 10,
            reserved: 0,
        };
        let words = record.to_words();
        assert_eq!(words[SEQ_WORD], 1);
        assert_eq!(words[HANDLER_NS_WORD], record.handler_ns_word(5));
        assert_eq!(words[LOST_WORD], 10);
        assert_eq!(Record::from_words(words).data, record.data);
        assert_eq!(record.data().next(), Some((1, 7)));
        assert_eq!(record.data().count(), 1);
    }
}
