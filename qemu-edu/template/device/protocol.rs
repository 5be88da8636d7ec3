// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
// Based on: spec/@FAMILY@.yaml, which is what counts where the two differ.

//! The wire contract, as far as it is that of this device, and its family.

use crate::irqcast::{
    self,
    Ask,
    AttributePolicy,
    Family,
    Operation,
    Range, //
};

/// Number of the command that raises bits of the interrupt cause register.
const RAISE: u8 = 2;

/// Attributes of an event.
pub(super) mod event {
    /// `u32`: the status register.
    pub(in super::super) const STATUS: u16 = 6;
}

/// Attributes of the requests that change something.
pub(super) mod request {
    /// `u32`: bits to raise.
    pub(in super::super) const BITS: u16 = 2;
}

/// The request `raise`.
enum Raise {}

impl Ask for Raise {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::u32_within(&Range::new(1, u32::MAX as u64)),
    ];
}

static OPERATIONS: [Operation; irqcast::OPERATIONS + 1] =
    irqcast::operations([irqcast::request::<Raise>(RAISE)]);

/// The family `@FAMILY@`.
pub(super) static FAMILY: Family = irqcast::family(c"@FAMILY@", &OPERATIONS);
