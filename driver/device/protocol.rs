// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
// Based on: spec/irqcast.yaml, which is what counts where the two differ.

//! The wire contract, as far as it is that of this device, and its family. The rest is in
//! `irqcast/protocol.rs`.

use crate::irqcast::{
    self,
    Family,
    Operation, //
};

use super::requests::{
    Dma,
    Factorial,
    Raise, //
};

/// Numbers of the commands.
pub(crate) mod command {
    /// Raise bits in the device's interrupt status register.
    pub(crate) const RAISE: u8 = 2;
    /// Let the device compute a factorial.
    pub(crate) const FACTORIAL: u8 = 3;
    /// Send bytes to the device and back by DMA.
    pub(crate) const DMA: u8 = 4;
}

/// Attributes of an event. Its cause are the bits of the interrupt status register.
pub(crate) mod event {
    /// `u32`: result of a factorial, modulo 2^32.
    pub(crate) const FACTORIAL: u16 = 6;
    /// `u32`: bytes that came back unchanged.
    pub(crate) const DMA_BYTES: u16 = 7;
}

/// Attributes of the requests that change something.
pub(crate) mod request {
    pub(crate) use crate::irqcast::REQUEST_DEVICE as DEVICE;

    /// `u32`: bits to raise.
    pub(crate) const BITS: u16 = 2;
    /// `u32`: number to compute the factorial of.
    pub(crate) const ARGUMENT: u16 = 3;
    /// `u32`: number of bytes to send by DMA.
    pub(crate) const BYTES: u16 = 4;
}

/// Largest argument of a factorial.
pub(crate) const FACTORIAL_MAX: u32 = 1_048_576;

/// Largest number of bytes of a DMA.
pub(crate) const DMA_MAX: u32 = 4096;

/// The first of the socket options: the next event. The one after it holds a device's delivery paths.
/// They are in no spec, since they are no netlink; `docs/protocol.md` has them.
pub(crate) const SOCKET_OPTIONS: i32 = 18_769;

static OPERATIONS: [Operation; irqcast::OPERATIONS + 3] = irqcast::operations([
    irqcast::request::<Raise>(command::RAISE),
    irqcast::request::<Factorial>(command::FACTORIAL),
    irqcast::request::<Dma>(command::DMA),
]);

/// The family `irqcast`.
pub(crate) static FAMILY: Family = irqcast::family(c"irqcast", &OPERATIONS);
