// SPDX-License-Identifier: GPL-2.0

//! What the device adds to its events.

use kernel::prelude::*;

use crate::{
    genetlink::{
        size,
        Attributes, //
    },
    notify::EventData,
    protocol::event, //
};

/// What completed with an interrupt, beside the cause: nothing, if bits were only raised.
#[derive(Clone, Copy, Default)]
pub(super) struct Completed {
    /// Result of the factorial that completed, modulo 2^32.
    pub(super) factorial: Option<u32>,
    /// Bytes of the DMA that completed which came back unchanged.
    pub(super) dma_bytes: Option<u32>,
}

impl Completed {
    fn attributes(&self) -> [(u16, Option<u32>); 2] {
        [
            (event::FACTORIAL, self.factorial),
            (event::DMA_BYTES, self.dma_bytes),
        ]
    }
}

impl EventData for Completed {
    fn size(&self) -> usize {
        self.attributes()
            .iter()
            .filter(|(_, value)| value.is_some())
            .map(|_| size::u32())
            .sum()
    }

    fn put(&self, attributes: &mut Attributes<'_>) -> Result {
        for (attribute, value) in self.attributes() {
            if let Some(value) = value {
                attributes.put_u32(attribute, value)?;
            }
        }
        Ok(())
    }
}

#[kunit_tests(irqcast_completed)]
mod tests {
    use super::*;

    #[test]
    fn only_what_completed_takes_room() {
        for (factorial, dma_bytes, size) in [
            (None, None, 0),
            (Some(0), None, 8),
            (None, Some(1), 8),
            (Some(u32::MAX), Some(0), 16),
        ] {
            let completed = Completed {
                factorial,
                dma_bytes,
            };
            assert_eq!(completed.size(), size);
        }
    }
}
