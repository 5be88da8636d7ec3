// SPDX-License-Identifier: GPL-2.0

//! What is told of one interrupt.

use kernel::prelude::*;

use crate::{
    genetlink::{
        size,
        Attributes, //
    },
    protocol::event, //
};

/// What a device adds to its events: the result of what completed.
///
/// It is `Copy`, so that an event can be stored anywhere, and building it needs no memory.
pub(crate) trait EventData: Copy + Send + Sync + 'static {
    /// Returns the size in bytes of the attributes that [`Self::put`] writes.
    fn size(&self) -> usize;

    /// Writes the attributes of the data that is there.
    fn put(&self, attributes: &mut Attributes<'_>) -> Result;
}

/// One interrupt.
#[derive(Clone, Copy)]
pub(crate) struct Event<D> {
    /// Sequence number: 1 for the first event of a device, one more for each that follows.
    pub(crate) seq: u64,
    /// `CLOCK_MONOTONIC` in the handler, in nanoseconds.
    pub(crate) time_ns: u64,
    /// Bits of the device's interrupt status.
    pub(crate) cause: u32,
    /// What the device adds.
    pub(crate) data: D,
}

impl<D: EventData> Event<D> {
    /// Size in bytes of the attributes that each event of the device at `address` has.
    pub(super) fn fixed_size(address: &CStr) -> usize {
        let (device, cause) = (size::u32(), size::u32());
        let (seq, time) = (size::u64(), size::u64());

        device + size::string(address) + seq + time + cause
    }

    /// Writes the attributes of the event of the device `instance` at `address`.
    ///
    /// They take [`Self::fixed_size`] and the size of the data.
    pub(super) fn put(
        &self,
        instance: u32,
        address: &CStr,
        attributes: &mut Attributes<'_>,
    ) -> Result {
        attributes.put_u32(event::DEVICE, instance)?;
        attributes.put_string(event::ADDRESS, address)?;
        attributes.put_u64(event::SEQ, self.seq, event::PAD)?;
        attributes.put_u64(event::TIME_NS, self.time_ns, event::PAD)?;
        attributes.put_u32(event::CAUSE, self.cause)?;
        self.data.put(attributes)
    }
}
