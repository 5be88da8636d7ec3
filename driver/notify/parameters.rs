// SPDX-License-Identifier: GPL-2.0

//! What whoever loads the module decides of the core.

use super::{
    context::Context,
    paths::PathSet,
    record::LAST_SEQ, //
};

/// Most bytes that an event may carry for measuring.
const PAYLOAD_MAX: usize = 4032;

/// What whoever loads the module decides of the core.
pub(crate) struct Parameters {
    /// How many events a device's ring holds.
    pub(super) history: u32,
    /// The delivery paths that are on at first.
    pub(super) paths: PathSet,
    /// Where netlink messages are sent from at first.
    pub(super) context: Context,
    /// Whether the handler tells how long it took.
    pub(super) measure: bool,
    /// Sequence number of each device's first event.
    first_seq: u64,
    /// How many bytes each event carries beside what it tells.
    payload: u16,
}

impl Parameters {
    /// Takes the values of the module parameters of the same names.
    pub(crate) fn new(
        history: u32,
        paths: u32,
        context: Context,
        measure: bool,
        payload: u16,
        first_seq: u64,
    ) -> Self {
        Self {
            history,
            context,
            paths: PathSet::from_bits(paths),
            measure,
            payload,
            first_seq,
        }
    }

    /// Returns the sequence number of each device's first event.
    pub(super) fn first_seq(&self) -> u64 {
        self.first_seq.clamp(1, LAST_SEQ)
    }

    /// Returns how many bytes each event carries beside what it tells.
    pub(super) fn payload(&self) -> usize {
        usize::from(self.payload).min(PAYLOAD_MAX)
    }
}
