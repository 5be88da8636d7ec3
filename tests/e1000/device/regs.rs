// SPDX-License-Identifier: GPL-2.0

//! Registers of the card.

use kernel::io::{
    register,
    Io, //
};

register! {
    /// State of the card.
    pub(super) STATUS(u32) @ 0x0008 {
        1:1 link_up => bool;
    }

    /// Why it interrupts. Reading it takes all bits back.
    pub(super) INTERRUPT_CAUSE(u32) @ 0x00c0 {
        31:0 bits;
    }

    /// Writing raises these bits. Write only.
    pub(super) INTERRUPT_CAUSE_SET(u32) @ 0x00c8 {
        31:0 bits;
    }

    /// Writing lets these bits interrupt.
    pub(super) INTERRUPT_MASK_SET(u32) @ 0x00d0 {
        31:0 bits;
    }

    /// Writing keeps these bits from interrupting. Write only.
    pub(super) INTERRUPT_MASK_CLEAR(u32) @ 0x00d8 {
        31:0 bits;
    }
}

/// Cause: the link came up or went down.
pub(super) const LINK_CHANGED: u32 = 1 << 2;

/// The causes that become events: those of the 8254x.
pub(super) const CAUSES: u32 = 0x1_ffff;

/// End of the registers in the BAR.
pub(super) const END: usize = 0x0100;

/// Keeps the card from interrupting, and takes back what it wanted.
pub(super) fn silence(bar: &super::Bar<'_>) {
    bar.write_reg(INTERRUPT_MASK_CLEAR::from(u32::MAX));
    let _ = bar.read(INTERRUPT_CAUSE);
}
