// SPDX-License-Identifier: GPL-2.0

//! Whether a device is what its PCI IDs say, and making it ready.

use kernel::{
    device::Bound,
    io::{
        poll::read_poll_timeout,
        Io, //
    },
    pci,
    prelude::*,
    time::Delta, //
};

use super::{
    bar::Bar,
    regs, //
};

/// Written to the liveness register. A pattern that its inverse, all zeros and all ones differ from
/// in each byte.
const LIVENESS_PROBE: u32 = 0x5a3c_c3a5;

/// How long to wait for a factorial that the device computes from before.
const COMPUTING_TIMEOUT: Delta = Delta::from_secs(5);

/// Checks that the device is a live `edu` of the version that we know. If it is not, says so in the
/// log and returns [`ENODEV`].
pub(super) fn verify(pdev: &pci::Device<Bound>, bar: &Bar<'_>) -> Result {
    let identification = bar.read(regs::IDENTIFICATION);
    if !identification.is_known() {
        dev_err!(
            pdev,
            "identification register (0x00) reads {:#010x}, not 0x01rr00ed: no edu device of version 1\n",
            identification.into_raw()
        );
        return Err(ENODEV);
    }

    bar.write_reg(regs::LIVENESS::from(LIVENESS_PROBE));
    let answer = bar.read(regs::LIVENESS).into_raw();
    if answer != !LIVENESS_PROBE {
        dev_err!(
            pdev,
            "liveness register (0x04) reads {:#010x} after {:#010x}, not its inverse: the device is dead\n",
            answer,
            LIVENESS_PROBE
        );
        return Err(ENODEV);
    }

    Ok(())
}

/// Makes the device forget what someone before us left: there is no reset.
///
/// Returns [`ETIMEDOUT`] when it computes a factorial for more than 5 s.
pub(super) fn settle(pdev: &pci::Device<Bound>, bar: &Bar<'_>) -> Result {
    // First no more interrupts when something is done, then nothing more to be done.
    bar.write_reg(regs::STATUS::zeroed());
    wait_while_computing(bar, COMPUTING_TIMEOUT).inspect_err(|_| {
        dev_err!(
            pdev,
            "status register (0x20) says 'computing' for more than 5 s: try to bind again later\n"
        );
    })?;
    acknowledge_all(bar);
    Ok(())
}

/// Waits until no factorial is being computed, or returns [`ETIMEDOUT`].
pub(super) fn wait_while_computing(bar: &Bar<'_>, timeout: Delta) -> Result {
    read_poll_timeout(
        || Ok(bar.read(regs::STATUS)),
        |status| !status.computing(),
        Delta::from_millis(1),
        timeout,
    )
    .map(|_| ())
}

/// Takes back all bits that are pending.
pub(super) fn acknowledge_all(bar: &Bar<'_>) {
    let pending = bar.read(regs::INTERRUPT_STATUS).into_raw();
    if pending != 0 {
        bar.write_reg(regs::INTERRUPT_ACKNOWLEDGE::from(pending));
    }
}
