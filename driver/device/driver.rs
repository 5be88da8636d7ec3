// SPDX-License-Identifier: GPL-2.0

//! What the notification core asks of the device.

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
    Device,
    Family,
    Request, //
};

use super::{
    bar::Bar,
    completed::Completed,
    dma::Dma,
    edu_device::EduDevice,
    identify,
    ids,
    protocol,
    quiesce,
    regs,
    requests, //
};

impl Device for EduDevice {
    type Data = Completed;
    type Registers<'a> = &'a Bar<'a>;

    const ID_TABLE: pci::IdTable<()> = ids::IDS;
    const NODE: &'static str = "irqcast";
    const SOCKET_OPTIONS: Option<c_int> = Some(protocol::SOCKET_OPTIONS);

    fn family() -> &'static Family {
        &protocol::FAMILY
    }

    fn probe(pdev: &pci::Device<Core<'_>>) -> Result<Arc<Self>> {
        pdev.enable_device_mem()?;
        pdev.set_master();

        let bar = pdev.iomap_region_sized::<{ regs::END }>(0, crate::LocalModule::NAME)?;
        identify::verify(pdev, &bar)?;
        identify::settle(pdev, &bar)?;

        let dma = Dma::new(pdev).inspect_err(|_| {
            dev_err!(
                pdev,
                "no memory below 2^{} for DMA: is CONFIG_ZONE_DMA set?\n",
                regs::DMA_ADDRESS_BITS
            );
        })?;
        EduDevice::new(bar.into_devres()?, dma)
    }

    #[inline]
    fn registers<'a>(&'a self, pdev: &'a pci::Device<Bound>) -> Result<&'a Bar<'a>> {
        self.bar.access(pdev.as_ref())
    }

    #[inline]
    fn pending(&self, bar: &Bar<'_>) -> Option<NonZeroU32> {
        let cause = bar.read(regs::INTERRUPT_STATUS).into_raw();
        // All bits may well be raised, but not if nothing answers at all.
        if cause == u32::MAX && bar.read(regs::IDENTIFICATION).is_gone() {
            return None;
        }
        NonZeroU32::new(cause)
    }

    #[inline]
    fn acknowledge(&self, bar: &Bar<'_>, cause: NonZeroU32) {
        bar.write_reg(regs::INTERRUPT_ACKNOWLEDGE::from(cause.get()));
    }

    #[inline]
    fn data(&self, bar: &Bar<'_>, cause: NonZeroU32) -> Completed {
        Completed::take(self, bar, cause.get())
    }

    fn request(this: &Arc<Self>, request: &Request<'_>) -> Result {
        requests::answer(this, request)
    }

    fn quiesce(this: &Arc<Self>, bar: &Bar<'_>) {
        quiesce::quiesce(this, bar);
    }
}
