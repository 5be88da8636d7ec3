// SPDX-License-Identifier: GPL-2.0

//! What the device adds to its events.

use crate::notify::{
    EventData,
    DATA_WORDS, //
};

use super::protocol::event;

/// What completed with an interrupt, beside the cause: nothing, if bits were only raised.
#[derive(Clone, Copy, Default)]
pub(super) struct Completed {
    /// Result of the factorial that completed, modulo 2^32.
    pub(super) factorial: Option<u32>,
    /// Bytes of the DMA that completed which came back unchanged.
    pub(super) dma_bytes: Option<u32>,
}

impl EventData for Completed {
    const ATTRIBUTES: &'static [u16] = &[event::FACTORIAL, event::DMA_BYTES];

    fn words(&self) -> [Option<u32>; DATA_WORDS] {
        [self.factorial, self.dma_bytes, None, None]
    }
}
