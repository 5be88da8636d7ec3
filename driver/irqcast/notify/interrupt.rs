// SPDX-License-Identifier: GPL-2.0

//! A PCI device's interrupt, with its vector.

use kernel::{
    device::Bound,
    irq,
    pci,
    prelude::*,
    ModuleMetadata, //
};

use super::{
    parameters,
    source::InterruptMode, //
};

/// The interrupt that a handler handles.
#[pin_data]
pub(super) struct Interrupt<'bound, H: irq::ThreadedHandler> {
    // Dropped in this order: the handler is gone before its vector is.
    #[pin]
    registration: irq::ThreadedRegistration<'bound, H>,
    vectors: pci::IrqVectorRegistration<'bound>,
}

impl<'bound, H: irq::ThreadedHandler + 'bound> Interrupt<'bound, H> {
    /// Lets `handler` handle the only interrupt of `vectors`, which arrives from here on.
    ///
    /// # Safety
    ///
    /// The value must be dropped: it must not be passed to [`core::mem::forget`], or kept from
    /// being dropped in another way.
    pub(super) unsafe fn new(
        vectors: pci::IrqVectorRegistration<'bound>,
        handler: impl PinInit<H, Error> + 'bound,
    ) -> impl PinInit<Self, Error> + 'bound {
        try_pin_init!(Self {
            vectors,
            registration <- {
                // SAFETY: `vectors` has been initialised, stays where it is because `Self` is
                // pinned, and is dropped after `registration`, the only one that gets the
                // reference.
                let vectors: &'bound pci::IrqVectorRegistration<'bound> =
                    unsafe { &*core::ptr::from_ref(vectors) };
                let request = irq::IrqRequest::from(vectors.index(0)?);

                // A handler that PREEMPT_RT can make a thread of: no `Flags::NO_THREAD`.
                // SAFETY: It is part of `Self`, which the caller lets drop.
                unsafe {
                    irq::ThreadedRegistration::new(
                        request,
                        flags(vectors),
                        crate::LocalModule::NAME,
                        handler,
                    )
                }
            },
        })
    }
}

/// Returns a vector for the only interrupt of `pdev`: that of MSI where the device has it, and the
/// module parameter `msi` allows it.
pub(super) fn vectors<'a>(pdev: &'a pci::Device<Bound>) -> Result<pci::IrqVectorRegistration<'a>> {
    let intx = pci::IrqTypes::default().with(pci::IrqType::Intx);
    // The kernel prefers MSI.
    let types = if parameters::allow_msi() {
        intx.with(pci::IrqType::Msi)
    } else {
        intx
    };
    pdev.alloc_irq_vectors(1, 1, types)
}

/// How interrupts of this allocation arrive.
pub(super) fn mode(vectors: &pci::IrqVectorRegistration<'_>) -> InterruptMode {
    match vectors.irq_type() {
        pci::IrqType::Intx => InterruptMode::Intx,
        pci::IrqType::Msi | pci::IrqType::MsiX => InterruptMode::Msi,
    }
}

fn flags(vectors: &pci::IrqVectorRegistration<'_>) -> irq::Flags {
    match mode(vectors) {
        InterruptMode::Intx => irq::Flags::SHARED,
        InterruptMode::Msi => irq::Flags::TRIGGER_NONE,
    }
}
