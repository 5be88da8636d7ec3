// SPDX-License-Identifier: GPL-2.0

//! Making the device fall silent.

use kernel::{
    device::Bound,
    io::{
        poll::read_poll_timeout,
        Io, //
    },
    pci,
    prelude::*,
    sync::Arc,
    time::Delta, //
};

use super::{
    bar::Bar,
    edu_device::EduDevice,
    identify,
    regs, //
};

/// How long to wait for what the device has begun.
const TIMEOUT: Delta = Delta::from_secs(3);

/// Makes the device fall silent when it is dropped: while the interrupt handler is still there,
/// after requests can no longer reach the device.
///
/// What the device has begun is waited for, with its interrupt and its event. That is more than
/// politeness: QEMU hangs for good when the device is unplugged while it computes a factorial and
/// is to interrupt at the end.
pub(super) struct Quiesce<'bound> {
    edu: Arc<EduDevice>,
    pdev: &'bound pci::Device<Bound>,
}

impl<'bound> Quiesce<'bound> {
    /// Makes `edu`, which is `pdev`, fall silent in the end.
    pub(super) fn new(edu: Arc<EduDevice>, pdev: &'bound pci::Device<Bound>) -> Self {
        Self { edu, pdev }
    }

    fn wait_for_end(&self, bar: &Bar<'_>) -> Result {
        let pause = Delta::from_millis(1);

        // A transfer that is not a DMA's last has nobody any more to start the next.
        read_poll_timeout(
            || Ok(bar.read(regs::DMA_COMMAND)),
            |command| !command.run(),
            pause,
            TIMEOUT,
        )?;
        identify::wait_while_computing(bar, TIMEOUT)?;
        read_poll_timeout(
            || Ok(self.edu.factorial.is_pending() || self.edu.dma.is_pending()),
            |is_pending| !is_pending,
            pause,
            TIMEOUT,
        )?;
        Ok(())
    }
}

impl Drop for Quiesce<'_> {
    fn drop(&mut self) {
        self.edu.stop_work();
        self.edu.dma.give_up();

        let Ok(bar) = self.edu.bar.access(self.pdev.as_ref()) else {
            // Cannot happen: `edu` is `pdev`.
            return;
        };
        if bar.read(regs::IDENTIFICATION).is_gone() {
            return;
        }

        if self.wait_for_end(bar).is_err() {
            dev_err!(
                self.pdev,
                "still busy after {} s: do not unplug it, QEMU may hang\n",
                TIMEOUT.as_millis() / 1000
            );
        }
        bar.write_reg(regs::STATUS::zeroed());
        identify::acknowledge_all(bar);
    }
}
