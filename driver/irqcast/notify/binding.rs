// SPDX-License-Identifier: GPL-2.0

//! The PCI driver: binds to a device, and lets go of it.

use core::marker::PhantomData;

use kernel::{
    device::{
        Bound,
        Core, //
    },
    pci,
    prelude::*,
    sync::Arc, //
};

use super::{
    device::Device,
    handler::Handler,
    interrupt::{
        self,
        Interrupt, //
    },
    listing::Listing,
    notifier::Notifier,
    parameters::Parameters,
    registry::Instance, //
};

/// The PCI driver of devices `D`.
pub(crate) struct Driver<D>(PhantomData<D>);

impl<D: Device> pci::Driver for Driver<D> {
    type IdInfo = ();
    type Data<'bound> = Binding<'bound, D>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = D::ID_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || Binding::new(D::probe(pdev)?, pdev))
    }
}

/// What a bound device needs.
#[pin_data]
pub(crate) struct Binding<'bound, D: Device> {
    // Dropped in this order. Requests come no more, then the device falls silent, then its handler
    // goes, which ends its events and gives back its instance number, and then its vector.
    _listing: Listing,
    _silence: Silence<'bound, D>,
    #[pin]
    _interrupt: Interrupt<'bound, Handler<'bound, D>>,
}

impl<'bound, D: Device> Binding<'bound, D> {
    /// Tells of the interrupts of `device`, which is `pdev`, from here on.
    fn new(
        device: Arc<D>,
        pdev: &'bound pci::Device<Bound>,
    ) -> Result<impl PinInit<Self, Error> + 'bound> {
        let vectors = interrupt::vectors(pdev)?;
        let mode = interrupt::mode(&vectors);
        let notifier = Notifier::new(
            Instance::take()?,
            pdev.as_ref().name(),
            mode,
            &Parameters::read()?,
        )?;
        let source = notifier.source().clone();
        let handler = Handler::new(device.clone(), pdev, notifier);

        Ok(try_pin_init!(Self {
            // Initialised in this order, which is the other way round than the drop order.
            //
            // SAFETY: It is part of the driver's data, which the driver core drops.
            _interrupt <- unsafe { Interrupt::new(vectors, Ok(handler)) },
            _silence: Silence {
                device: device.clone(),
                pdev,
            },
            _: {
                device.start(device.registers(pdev)?);
            },
            _listing: Listing::new(device, source.clone(), pdev.as_ref())?,
            _: {
                dev_info!(pdev, "device {}, interrupts by {}\n", source.number(), mode);
            },
        }))
    }
}

/// Makes the device fall silent when it is dropped: while the interrupt handler is still there,
/// after requests can no longer reach the device.
struct Silence<'bound, D: Device> {
    device: Arc<D>,
    pdev: &'bound pci::Device<Bound>,
}

impl<D: Device> Drop for Silence<'_, D> {
    fn drop(&mut self) {
        // Never fails: `device` is `pdev`.
        if let Ok(registers) = self.device.registers(self.pdev) {
            D::quiesce(&self.device, registers);
        }
    }
}
