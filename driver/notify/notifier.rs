// SPDX-License-Identifier: GPL-2.0

//! A device as the core sees it, and the function that its interrupt handler calls.

use kernel::{
    fmt,
    prelude::*,
    str::CString,
    time::{
        ClockSource,
        Monotonic, //
    }, //
};

use crate::{
    genetlink::{
        size,
        Attributes,
        Group, //
    },
    protocol::{
        device,
        interrupt_mode, //
    }, //
};

use super::{
    counters::Counters,
    event::{
        Event,
        EventData, //
    },
    netlink::Netlink,
    registry::Instance, //
};

/// How a device signals its interrupts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum InterruptMode {
    /// A level on a line that devices may share.
    Intx,
    /// A message signaled interrupt of its own.
    Msi,
}

impl InterruptMode {
    fn as_raw(self) -> u32 {
        match self {
            Self::Intx => interrupt_mode::INTX,
            Self::Msi => interrupt_mode::MSI,
        }
    }
}

impl fmt::Display for InterruptMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intx => "INTx",
            Self::Msi => "MSI",
        })
    }
}

/// A device that interrupts: what it is called, and its counters.
pub(crate) struct Source {
    instance: Instance,
    address: CString,
    mode: InterruptMode,
    counters: Counters,
}

impl Source {
    /// Returns the size in bytes of the attributes that [`Self::put`] writes.
    pub(super) fn size(&self) -> usize {
        const COUNTERS: usize = 6;

        size::u32() + size::string(&self.address) + size::u32() + COUNTERS * size::u64()
    }

    /// Writes the device and its counters. May sleep.
    pub(super) fn put(&self, attributes: &mut Attributes<'_>) -> Result {
        let counters = self.counters.snapshot();
        let counters = [
            (device::INTERRUPTS, counters.interrupts),
            (device::EVENTS_SENT, counters.events_sent),
            (device::NO_LISTENER, counters.no_listener),
            (device::ALLOC_FAILURES, counters.alloc_failures),
            (device::SEND_ERRORS, counters.send_errors),
            (device::SPURIOUS, counters.spurious),
        ];

        attributes.put_u32(device::DEVICE, self.instance.number())?;
        attributes.put_string(device::ADDRESS, &self.address)?;
        attributes.put_u32(device::INTERRUPT_MODE, self.mode.as_raw())?;
        for (attribute, value) in counters {
            attributes.put_u64(attribute, value, device::PAD)?;
        }
        Ok(())
    }

    /// Returns the instance number.
    pub(crate) fn number(&self) -> u32 {
        self.instance.number()
    }

    /// Returns how the device signals its interrupts.
    pub(crate) fn mode(&self) -> InterruptMode {
        self.mode
    }
}

/// Tells of the interrupts of one device.
pub(crate) struct Notifier<D> {
    source: Source,
    netlink: Netlink<D>,
}

impl<D: EventData> Notifier<D> {
    /// Tells of the interrupts of the device `instance`, which people know by its `address`.
    pub(crate) fn new(instance: Instance, address: &CStr, mode: InterruptMode) -> Result<Self> {
        let group: Group = instance.group()?;

        Ok(Self {
            netlink: Netlink::new(group, address),
            source: Source {
                instance,
                address: CString::try_from(address)?,
                mode,
                counters: Counters::default(),
            },
        })
    }

    /// Tells of one interrupt. To be called by the device's interrupt handler, and by nothing else.
    ///
    /// Events leave in the order of their sequence numbers because no two calls for a device
    /// overlap: a device has one interrupt, and the kernel does not run the handler of an interrupt
    /// while it runs (also where handlers are threads, as with PREEMPT_RT).
    ///
    /// `data` is called to get what the device adds, after the time has been taken.
    pub(crate) fn notify(&self, cause: u32, data: impl FnOnce() -> D) {
        let time = Monotonic::ktime_get();
        let source = &self.source;
        let event = Event {
            seq: source.counters.count_interrupt(),
            // CAST: The monotonic clock is never negative.
            time_ns: time as u64,
            cause,
            data: data(),
        };

        let outcome = self
            .netlink
            .deliver(&event, source.instance.number(), &source.address);
        source.counters.count_outcome(outcome);
    }

    /// Counts a call of the handler that found nothing.
    pub(crate) fn spurious(&self) {
        self.source.counters.count_spurious();
    }

    /// Returns the device as requests see it.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }
}
