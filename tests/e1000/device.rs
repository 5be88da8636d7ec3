// SPDX-License-Identifier: GPL-2.0

//! Intel's 8254x, as QEMU's `hw/net/e1000.c` has it.

mod protocol;
mod regs;

use core::num::NonZeroU32;

use kernel::{
    device::{
        Bound,
        Core, //
    },
    io::Io,
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

/// The registers, in BAR 0.
type Bar<'a> = pci::Bar<'a, { regs::END }>;

kernel::pci_device_table!(TABLE, (), [(device_id(0x8086, 0x100e), ())]);

/// A card that the driver is bound to.
pub(crate) struct E1000 {
    bar: pci::DevresBar<{ regs::END }>,
}

/// What an event carries: whether the link is up, where it changed.
pub(crate) struct Link(Option<bool>);

impl EventData for Link {
    const ATTRIBUTES: &'static [u16] = &[protocol::event::LINK];

    fn words(&self) -> [Option<u32>; DATA_WORDS] {
        [self.0.map(u32::from), None, None, None]
    }
}

impl Device for E1000 {
    type Data = Link;
    type Registers<'a> = &'a Bar<'a>;

    const ID_TABLE: pci::IdTable<()> = &TABLE;
    const NODE: &'static str = "irqcast_e1000-";
    const SOCKET_OPTIONS: Option<c_int> = None;

    fn family() -> &'static Family {
        &protocol::FAMILY
    }

    fn probe(pdev: &pci::Device<Core<'_>>) -> Result<Arc<Self>> {
        pdev.enable_device_mem()?;
        let bar = pdev.iomap_region_sized::<{ regs::END }>(0, crate::LocalModule::NAME)?;
        regs::silence(&bar);
        let bar = bar.into_devres()?;
        Ok(Arc::new(Self { bar }, GFP_KERNEL)?)
    }

    fn start(&self, bar: &Bar<'_>) {
        bar.write_reg(regs::INTERRUPT_MASK_SET::from(regs::CAUSES));
    }

    fn registers<'a>(&'a self, pdev: &'a pci::Device<Bound>) -> Result<&'a Bar<'a>> {
        self.bar.access(pdev.as_ref())
    }

    fn pending(&self, bar: &Bar<'_>) -> Option<NonZeroU32> {
        let cause = bar.read(regs::INTERRUPT_CAUSE).into_raw();
        if cause == u32::MAX {
            // Nothing answers any more.
            return None;
        }
        NonZeroU32::new(cause & regs::CAUSES)
    }

    fn acknowledge(&self, _bar: &Bar<'_>, _cause: NonZeroU32) {
        // The register was cleared when it was read.
    }

    fn data(&self, bar: &Bar<'_>, cause: NonZeroU32) -> Link {
        let has_changed = cause.get() & regs::LINK_CHANGED != 0;
        Link(has_changed.then(|| bar.read(regs::STATUS).link_up()))
    }

    fn request(this: &Arc<Self>, request: &Request<'_>) -> Result {
        let bits = request.u32(protocol::request::BITS)?;
        let bar = this.bar.try_access().ok_or(ENODEV)?;
        bar.write_reg(regs::INTERRUPT_CAUSE_SET::from(bits & regs::CAUSES));
        Ok(())
    }

    fn quiesce(_this: &Arc<Self>, bar: &Bar<'_>) {
        regs::silence(bar);
    }
}
