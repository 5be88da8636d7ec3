// SPDX-License-Identifier: GPL-2.0

//! Registers of the device, and what is done with them: the part that knows it.
//!
//! What is to be filled in from the device's data sheet is marked with EDIT. As it is, the driver
//! binds, and takes no interrupt for its device's, since it knows none.

use kernel::{
    io::{
        register,
        Io, //
    },
    prelude::*, //
};

use super::Bar;

register! {
    /// State of the device, which each event carries.
    // EDIT: its offset, and fields where you need them.
    STATUS(u32) @ 0x0000 {
        31:0 bits;
    }

    /// Why the device interrupts.
    // EDIT: its offset.
    INTERRUPT_CAUSE(u32) @ 0x0004 {
        31:0 bits;
    }
}

/// The bits of the interrupt cause register that become events.
// EDIT: those that your device has. Without any, no interrupt is taken for the device's.
pub(super) const CAUSES: u32 = 0x0;

/// End of the registers in the BAR, in bytes.
// EDIT: the end of the last one above.
pub(super) const END: usize = 0x0008;

/// Returns the status register.
pub(super) fn status(bar: &Bar<'_>) -> u32 {
    bar.read(STATUS).into_raw()
}

/// Returns why the device interrupts. All bits are set where it is gone.
pub(super) fn cause(bar: &Bar<'_>) -> u32 {
    bar.read(INTERRUPT_CAUSE).into_raw()
}

/// Keeps the device from interrupting, takes back what it wanted, and ends what it does with the
/// machine's memory. It is called at first, before the interrupt is there, and at the end.
pub(super) fn silence(_bar: &Bar<'_>) {
    // EDIT: mask its interrupts, and clear those that are pending.
}

/// Lets the device interrupt. Its interrupt is handled from here on.
pub(super) fn unmask(_bar: &Bar<'_>) {
    // EDIT: where it has a mask, take it away for `CAUSES`.
}

/// Makes the device take back its interrupt for these bits, and for no others.
pub(super) fn acknowledge(_bar: &Bar<'_>, _bits: u32) {
    // EDIT: often a write of the bits. Nothing, where reading the cause has cleared them.
}

/// Makes the device interrupt for these bits of its cause.
pub(super) fn raise(_bar: &Bar<'_>, _bits: u32) -> Result {
    // EDIT: where it has a register for that.
    Err(EOPNOTSUPP)
}
