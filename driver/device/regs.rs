// SPDX-License-Identifier: GPL-2.0

//! Registers of the device, in BAR 0.
//!
//! They are 32 bits wide, and those below 0x80 only react to accesses of that width.

use kernel::io::register;

register! {
    /// What the device is. Read only.
    pub(super) IDENTIFICATION(u32) @ 0x00 {
        /// Major version.
        31:24 major;
        /// Minor version.
        23:16 minor;
        /// Always 0x00ed.
        15:0 magic;
    }

    /// Whether the device is there: reads the inverse of what was written last.
    pub(super) LIVENESS(u32) @ 0x04 {
        31:0 value;
    }

    /// Writing a number makes the device compute its factorial, unless it computes one already.
    /// Reads the result, modulo 2^32, once it is there.
    pub(super) FACTORIAL(u32) @ 0x08 {
        31:0 value;
    }

    /// State of the factorial.
    pub(super) STATUS(u32) @ 0x20 {
        /// Interrupt with [`FACTORIAL_DONE`] when the next factorial is there.
        7:7 interrupt_when_done => bool;
        /// A factorial is being computed. Read only.
        0:0 computing => bool;
    }

    /// Bits that were raised and not acknowledged yet. Not 0 means that the device wants attention.
    /// Read only.
    pub(super) INTERRUPT_STATUS(u32) @ 0x24 {
        31:0 pending;
    }

    /// Writing raises these bits and, if any are pending then, an interrupt. Write only.
    pub(super) INTERRUPT_RAISE(u32) @ 0x60 {
        31:0 bits;
    }

    /// Writing takes back these bits. INTx falls when none are left. Write only.
    pub(super) INTERRUPT_ACKNOWLEDGE(u32) @ 0x64 {
        31:0 bits;
    }

    /// Where a DMA reads: a bus address, or one in the device's buffer. Ignores writes during a DMA.
    pub(super) DMA_SOURCE(u32) @ 0x80 {
        31:0 address;
    }

    /// Where a DMA writes: a bus address, or one in the device's buffer. Ignores writes during a
    /// DMA.
    pub(super) DMA_DESTINATION(u32) @ 0x88 {
        31:0 address;
    }

    /// Number of bytes of a DMA. Ignores writes during a DMA.
    pub(super) DMA_COUNT(u32) @ 0x90 {
        31:0 bytes;
    }

    /// Starts a DMA, which takes 100 ms. Ignores writes during a DMA.
    pub(super) DMA_COMMAND(u32) @ 0x98 {
        /// Interrupt with [`DMA_DONE`] when it is done.
        2:2 interrupt_when_done => bool;
        /// From the device's buffer to memory; otherwise from memory to the buffer.
        1:1 to_memory => bool;
        /// Run. Reads 1 until the DMA is done.
        0:0 run => bool;
    }
}

impl IDENTIFICATION {
    /// Returns whether this is an `edu` device of the version that this driver knows.
    pub(super) fn is_known(self) -> bool {
        self.magic() == 0x00ed && self.major() == 1
    }

    /// Returns whether nothing answers at this address any more.
    pub(super) fn is_gone(self) -> bool {
        self.into_raw() == u32::MAX
    }
}

/// Pending bit: a factorial is done.
pub(super) const FACTORIAL_DONE: u32 = 0x1;

/// Pending bit: a DMA is done.
pub(super) const DMA_DONE: u32 = 0x100;

/// Address of the device's buffer, as DMA sees it.
pub(super) const DMA_BUFFER: u32 = 0x4_0000;

/// Size of the device's buffer in bytes.
pub(super) const DMA_BUFFER_SIZE: u32 = 4096;

/// Number of bits of the bus addresses that the device can reach, unless its user tells it
/// otherwise.
pub(super) const DMA_ADDRESS_BITS: u32 = 28;

/// End of the registers in the BAR.
pub(super) const END: usize = 0xa0;
