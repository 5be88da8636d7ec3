// SPDX-License-Identifier: GPL-2.0

//! The device, as the notification core asks for one. What it does is in [`regs`].

mod protocol;
mod regs;

use core::num::NonZeroU32;

use kernel::{
    device::{
        Bound,
        Core, //
    },
    pci,
    prelude::*,
    sync::Arc,
    ModuleMetadata, //
};

use crate::irqcast::{
    device_id,
    Device,
    EventData,
    Family,
    Request,
    DATA_WORDS, //
};

/// The registers, in BAR @BAR@.
type Bar<'a> = pci::Bar<'a, { regs::END }>;

kernel::pci_device_table!(TABLE, (), [(device_id(@VENDOR@, @DEVICE@), ())]);

/// A device that the driver is bound to.
pub(crate) struct BoundDevice {
    bar: pci::DevresBar<{ regs::END }>,
}

/// What an event carries beside its cause: the status register.
pub(crate) struct Status(u32);

impl EventData for Status {
    const ATTRIBUTES: &'static [u16] = &[protocol::event::STATUS];

    fn words(&self) -> [Option<u32>; DATA_WORDS] {
        [Some(self.0), None, None, None]
    }
}

impl Device for BoundDevice {
    type Data = Status;
    type Registers<'a> = &'a Bar<'a>;

    const ID_TABLE: pci::IdTable<()> = &TABLE;
    const NODE: &'static str = "@NAME@-";
    const SOCKET_OPTIONS: Option<c_int> = None;

    fn family() -> &'static Family {
        &protocol::FAMILY
    }

    fn probe(pdev: &pci::Device<Core<'_>>) -> Result<Arc<Self>> {
        pdev.enable_device_mem()?;
        let bar = pdev.iomap_region_sized::<{ regs::END }>(@BAR@, crate::LocalModule::NAME)?;
        regs::silence(&bar);
        // A message signaled interrupt is a write of the device, as DMA is.
        pdev.set_master();
        let status = regs::status(&bar);
        dev_info!(pdev, "status {status:#010x}\n");
        Ok(Arc::new(
            Self {
                bar: bar.into_devres()?,
            },
            GFP_KERNEL,
        )?)
    }

    fn start(&self, bar: &Bar<'_>) {
        regs::unmask(bar);
    }

    fn registers<'a>(&'a self, pdev: &'a pci::Device<Bound>) -> Result<&'a Bar<'a>> {
        self.bar.access(pdev.as_ref())
    }

    fn pending(&self, bar: &Bar<'_>) -> Option<NonZeroU32> {
        let cause = regs::cause(bar);
        if cause == u32::MAX {
            // Nothing answers any more.
            return None;
        }
        NonZeroU32::new(cause & regs::CAUSES)
    }

    fn acknowledge(&self, bar: &Bar<'_>, cause: NonZeroU32) {
        regs::acknowledge(bar, cause.get());
    }

    fn data(&self, bar: &Bar<'_>, _cause: NonZeroU32) -> Status {
        Status(regs::status(bar))
    }

    fn request(this: &Arc<Self>, request: &Request<'_>) -> Result {
        let bits = request.u32(protocol::request::BITS)?;
        let bar = this.bar.try_access().ok_or(ENODEV)?;
        regs::raise(&bar, bits)
    }

    fn quiesce(_this: &Arc<Self>, bar: &Bar<'_>) {
        regs::silence(bar);
    }
}
