// SPDX-License-Identifier: GPL-2.0

//! What the device adds to its events.

use kernel::prelude::*;

use crate::irqcast::{
    EventData,
    DATA_WORDS, //
};

use super::{
    bar::Bar,
    edu_device::EduDevice,
    protocol::event,
    regs, //
};

/// What completed with an interrupt, beside the cause: nothing, if bits were only raised.
#[derive(Clone, Copy, Default)]
pub(crate) struct Completed {
    /// Result of the factorial that completed, modulo 2^32.
    pub(super) factorial: Option<u32>,
    /// Bytes of the DMA that completed which came back unchanged.
    pub(super) dma_bytes: Option<u32>,
}

impl Completed {
    /// Returns what `edu` has completed. To be called after the bits of `cause` were acknowledged.
    #[inline]
    pub(super) fn take(edu: &EduDevice, bar: &Bar<'_>, cause: u32) -> Self {
        let mut completed = Self::default();

        if cause & regs::FACTORIAL_DONE != 0 {
            completed.factorial = edu.factorial.take(bar);
        }
        if cause & regs::DMA_DONE != 0 {
            if let Some(returned) = edu.dma.take(bar) {
                if returned.intact != returned.bytes {
                    dev_err!(
                        edu.bar.device(),
                        "DMA of {} bytes: byte {} came back wrong\n",
                        returned.bytes,
                        returned.intact
                    );
                }
                completed.dma_bytes = Some(returned.intact);
            }
        }

        completed
    }
}

impl EventData for Completed {
    const ATTRIBUTES: &'static [u16] = &[event::FACTORIAL, event::DMA_BYTES];

    fn words(&self) -> [Option<u32>; DATA_WORDS] {
        [self.factorial, self.dma_bytes, None, None]
    }
}
