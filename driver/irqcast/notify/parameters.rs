// SPDX-License-Identifier: GPL-2.0

//! What whoever loads the module decides of the core: the parameters of [`module`](super::module!).

use kernel::prelude::*;

use crate::module_parameters as given;

use super::{
    context::Context,
    paths::PathSet,
    record::LAST_SEQ, //
};

/// Most bytes that an event may carry for measuring.
const PAYLOAD_MAX: usize = 4032;

/// What whoever loads the module decides of the core.
pub(super) struct Parameters {
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
    /// Returns what the module parameters say, or [`EINVAL`] when one of them means nothing.
    pub(super) fn read() -> Result<Self> {
        Ok(Self {
            history: given::history.value(),
            paths: PathSet::from_bits(given::paths.value()),
            context: Context::from_raw(given::context.value())?,
            measure: given::measure.value() != 0,
            payload: given::payload.value(),
            first_seq: given::first_seq.value(),
        })
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

/// Returns whether MSI may be used where the device has it.
pub(super) fn allow_msi() -> bool {
    given::msi.value() != 0
}
