// SPDX-License-Identifier: GPL-2.0

//! The interrupt handler.

use kernel::{
    device::Bound,
    io::Io,
    irq::{
        self,
        IrqReturn,
        ThreadedIrqReturn, //
    },
    pci,
    prelude::*,
    sync::Arc, //
};

use crate::notify::{
    InterruptMode,
    Then, //
};

use super::{
    bar::Bar,
    completed::Completed,
    edu_device::EduDevice,
    regs, //
};

/// Handles the interrupts of one device.
pub(super) struct Handler<'bound> {
    edu: Arc<EduDevice>,
    pdev: &'bound pci::Device<Bound>,
    mode: InterruptMode,
}

impl<'bound> Handler<'bound> {
    /// Handles the interrupts of `edu`, which is `pdev`.
    pub(super) fn new(edu: Arc<EduDevice>, pdev: &'bound pci::Device<Bound>) -> Self {
        Self {
            mode: edu.notifier.source().mode(),
            edu,
            pdev,
        }
    }

    /// The handler was called, and the device wants no attention.
    fn nothing_pending(&self) -> ThreadedIrqReturn {
        match self.mode {
            // Another device on the line does.
            InterruptMode::Intx => ThreadedIrqReturn::None,
            // The device sends a message for every raise, also for one whose bits were taken back
            // with those of the raise before. It is ours all the same: if we denied that, the
            // kernel would switch the interrupt off in the end.
            InterruptMode::Msi => {
                self.edu.notifier.spurious();
                ThreadedIrqReturn::Handled
            }
        }
    }

    /// Returns what completed. To be called after the bits of `cause` were acknowledged.
    fn completed(&self, bar: &Bar<'_>, cause: u32) -> Completed {
        let mut completed = Completed::default();

        if cause & regs::FACTORIAL_DONE != 0 {
            completed.factorial = self.edu.factorial.take(bar);
        }
        if cause & regs::DMA_DONE != 0 {
            if let Some(returned) = self.edu.dma.take(bar) {
                if returned.intact != returned.bytes {
                    dev_err!(
                        self.pdev,
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

impl irq::ThreadedHandler for Handler<'_> {
    fn handle(&self) -> ThreadedIrqReturn {
        let Ok(bar) = self.edu.bar.access(self.pdev.as_ref()) else {
            // Cannot happen: `edu` is `pdev`.
            return ThreadedIrqReturn::None;
        };

        let cause = bar.read(regs::INTERRUPT_STATUS).into_raw();
        if cause == 0 {
            return self.nothing_pending();
        }
        // All bits may well be raised, but not if nothing answers at all.
        if cause == u32::MAX && bar.read(regs::IDENTIFICATION).is_gone() {
            return self.nothing_pending();
        }
        // Bits that were raised since we read stay, and so does their interrupt.
        bar.write_reg(regs::INTERRUPT_ACKNOWLEDGE::from(cause));

        let then = self
            .edu
            .notifier
            .notify(cause, || self.completed(bar, cause));
        match then {
            Then::Return => ThreadedIrqReturn::Handled,
            Then::WakeThread => ThreadedIrqReturn::WakeThread,
        }
    }

    fn handle_threaded(&self) -> IrqReturn {
        self.edu.notifier.run_thread();
        IrqReturn::Handled
    }
}
