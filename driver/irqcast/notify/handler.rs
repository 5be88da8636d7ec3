// SPDX-License-Identifier: GPL-2.0

//! The interrupt handler.

use kernel::{
    device::Bound,
    irq::{
        self,
        IrqReturn,
        ThreadedIrqReturn, //
    },
    pci,
    sync::Arc, //
};

use super::{
    device::Device,
    notifier::Notifier,
    sender::Then,
    source::InterruptMode, //
};

/// Handles the interrupts of one device.
pub(super) struct Handler<'bound, D: Device> {
    device: Arc<D>,
    pdev: &'bound pci::Device<Bound>,
    notifier: Notifier<D::Data>,
}

impl<'bound, D: Device> Handler<'bound, D> {
    /// Tells `notifier` of the interrupts of `device`, which is `pdev`.
    pub(super) fn new(
        device: Arc<D>,
        pdev: &'bound pci::Device<Bound>,
        notifier: Notifier<D::Data>,
    ) -> Self {
        Self {
            device,
            pdev,
            notifier,
        }
    }

    /// The handler was called, and the device wants no attention.
    fn nothing_pending(&self) -> ThreadedIrqReturn {
        match self.notifier.source().mode() {
            // Another device on the line does.
            InterruptMode::Intx => ThreadedIrqReturn::None,
            // A device may send a message for what was acknowledged with an earlier one. It is ours
            // all the same: if we denied that, the kernel would switch the interrupt off in the end.
            InterruptMode::Msi => {
                self.notifier.spurious();
                ThreadedIrqReturn::Handled
            }
        }
    }
}

impl<D: Device> irq::ThreadedHandler for Handler<'_, D> {
    #[inline]
    fn handle(&self) -> ThreadedIrqReturn {
        let device = &*self.device;
        let Ok(registers) = device.registers(self.pdev) else {
            // Cannot happen: `device` is `pdev`.
            return ThreadedIrqReturn::None;
        };
        let Some(cause) = device.pending(registers) else {
            return self.nothing_pending();
        };
        device.acknowledge(registers, cause);

        let data = || device.data(registers, cause);
        match self.notifier.notify(cause.get(), data) {
            Then::Return => ThreadedIrqReturn::Handled,
            Then::WakeThread => ThreadedIrqReturn::WakeThread,
        }
    }

    fn handle_threaded(&self) -> IrqReturn {
        self.notifier.run_thread();
        IrqReturn::Handled
    }
}
