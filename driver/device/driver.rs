// SPDX-License-Identifier: GPL-2.0

//! The PCI driver: binds to a device, and lets go of it.

use kernel::{
    device::{
        Bound,
        Core, //
    },
    pci,
    prelude::*,
    sync::Arc, //
};

use crate::notify::{
    Instance,
    Listing,
    Notifier, //
};

use super::{
    dma::Dma,
    edu_device::EduDevice,
    handler::Handler,
    identify,
    ids,
    interrupt::{
        self,
        Interrupt, //
    },
    quiesce::Quiesce,
    regs,
    requests::Reachable, //
};

/// The PCI driver.
pub(crate) struct Driver;

/// What a bound device needs.
#[pin_data]
pub(crate) struct Binding<'bound> {
    // Dropped in this order. Requests come no more, then the device falls silent, then its handler
    // goes, and its vector, and at last the BAR, the DMA memory and the instance number.
    _listing: Listing,
    _quiesce: Quiesce<'bound>,
    #[pin]
    _interrupt: Interrupt<'bound, Handler<'bound>>,
    _edu: Arc<EduDevice>,
}

impl pci::Driver for Driver {
    type IdInfo = ();
    type Data<'bound> = Binding<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = ids::IDS;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            pdev.enable_device_mem()?;
            pdev.set_master();

            let bar = pdev.iomap_region_sized::<{ regs::END }>(0, c"irqcast_edu")?;
            identify::verify(pdev, &bar)?;
            identify::settle(pdev, &bar)?;

            let dma = Dma::new(pdev).inspect_err(|_| {
                dev_err!(
                    pdev,
                    "no memory below 2^{} for DMA: is CONFIG_ZONE_DMA set?\n",
                    regs::DMA_ADDRESS_BITS
                );
            })?;
            let vectors = pdev.alloc_irq_vectors(1, 1, irq_types())?;
            let mode = interrupt::mode(&vectors);
            let notifier = Notifier::new(
                Instance::take()?,
                pdev.as_ref().name(),
                mode,
                &crate::parameters()?,
            )?;
            let edu = EduDevice::new(bar.into_devres()?, notifier, dma)?;
            let bound: &'bound pci::Device<Bound> = pdev;

            Ok(try_pin_init!(Binding {
                // Initialised in this order, which is the other way round than the drop order.
                //
                // SAFETY: It is part of the driver's data, which the driver core drops.
                _interrupt <- unsafe {
                    Interrupt::new(vectors, Ok(Handler::new(edu.clone(), bound)))
                },
                _quiesce: Quiesce::new(edu.clone(), bound),
                _listing: {
                    let device = Arc::new(Reachable(edu.clone()), GFP_KERNEL)?;
                    Listing::new(device, bound.as_ref())?
                },
                _: {
                    let number = edu.notifier.source().number();
                    dev_info!(pdev, "device {}, interrupts by {}\n", number, mode);
                },
                _edu: edu,
            }))
        })
    }
}

/// The types of interrupt that the parameter `msi` allows. The kernel prefers MSI.
fn irq_types() -> pci::IrqTypes {
    let intx = pci::IrqTypes::default().with(pci::IrqType::Intx);

    if crate::module_parameters::msi.value() == 0 {
        intx
    } else {
        intx.with(pci::IrqType::Msi)
    }
}
