// SPDX-License-Identifier: GPL-2.0

//! Factorials, which the device computes on its own and interrupts when it is done.

use kernel::{
    io::Io,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    }, //
};

use super::{
    bar::Bar,
    regs, //
};

/// The factorial that was asked for, if any.
///
/// Whoever sets `wanted` owns the registers of the factorial. The handler gives them back when it
/// has read the result.
pub(super) struct Factorial {
    wanted: Atomic<bool>,
}

impl Factorial {
    /// No factorial is asked for.
    pub(super) const fn new() -> Self {
        Self {
            wanted: Atomic::new(false),
        }
    }

    /// Makes the device compute the factorial of `argument` and interrupt when it is done.
    ///
    /// Returns [`EBUSY`] while one is being computed, or its interrupt not handled yet.
    pub(super) fn start(&self, bar: &Bar<'_>, argument: u32) -> Result {
        if self.wanted.cmpxchg(false, true, Acquire).is_err() {
            return Err(EBUSY);
        }
        // Only when it has been asked by someone else than us.
        if bar.read(regs::STATUS).computing() {
            self.wanted.store(false, Relaxed);
            return Err(EBUSY);
        }

        bar.write_reg(regs::STATUS::zeroed().with_interrupt_when_done(true));
        bar.write_reg(regs::FACTORIAL::from(argument));
        Ok(())
    }

    /// Returns the result of the factorial, if one was asked for and is done, once.
    ///
    /// To be called by the interrupt handler after it has acknowledged [`regs::FACTORIAL_DONE`]. If
    /// the device was done before the acknowledgement, this sees it. If it is done after, there
    /// is another interrupt. When someone merely raised the bit, the device still computes, or
    /// nothing was asked for.
    pub(super) fn take(&self, bar: &Bar<'_>) -> Option<u32> {
        if !self.wanted.load(Acquire) || bar.read(regs::STATUS).computing() {
            return None;
        }

        let result = bar.read(regs::FACTORIAL).into_raw();
        self.wanted.store(false, Release);
        Some(result)
    }

    /// Returns whether a factorial was asked for whose interrupt is still to come.
    pub(super) fn is_pending(&self) -> bool {
        self.wanted.load(Relaxed)
    }
}
