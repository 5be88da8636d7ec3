// SPDX-License-Identifier: GPL-2.0

//! Making the device fall silent.

use kernel::{
    io::{
        poll::read_poll_timeout,
        Io, //
    },
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

/// Makes `edu` fall silent, after requests can no longer reach it.
///
/// What the device has begun is waited for, with its interrupt and its event. That is more than
/// politeness: QEMU hangs for good when the device is unplugged while it computes a factorial and
/// is to interrupt at the end.
pub(super) fn quiesce(edu: &Arc<EduDevice>, bar: &Bar<'_>) {
    edu.stop_work();
    edu.dma.give_up();

    if bar.read(regs::IDENTIFICATION).is_gone() {
        return;
    }

    if wait_for_end(edu, bar).is_err() {
        dev_err!(
            edu.bar.device(),
            "still busy after {} s: do not unplug it, QEMU may hang\n",
            TIMEOUT.as_millis() / 1000
        );
    }
    bar.write_reg(regs::STATUS::zeroed());
    identify::acknowledge_all(bar);
}

fn wait_for_end(edu: &EduDevice, bar: &Bar<'_>) -> Result {
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
        || Ok(edu.factorial.is_pending() || edu.dma.is_pending()),
        |is_pending| !is_pending,
        pause,
        TIMEOUT,
    )?;
    Ok(())
}
