// SPDX-License-Identifier: GPL-2.0

//! A device that interrupts: what it is called, its counters and its last events.

use kernel::{
    fmt,
    prelude::*,
    time::{
        BootTime,
        ClockSource, //
    }, //
};

use crate::irqcast::{
    device_attribute::Show,
    genetlink::{
        size,
        Attributes, //
    },
    protocol::{
        device,
        interrupt_mode, //
    }, //
};

use super::{
    context::Contexts,
    counters::Counters,
    event::Form,
    parameters::Parameters,
    paths::{
        chardev::Chardev,
        eventfd::Eventfd,
        signal::Signal,
        sysfs::Sysfs,
        PathSet,
        Switches, //
    },
    ports::Ports,
    record::Record,
    ring::Ring, //
};

/// What an event carries for measuring.
const PAYLOAD: u64 = u64::from_ne_bytes([0xa5; 8]);

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

/// A device that interrupts. It stays while anybody has use of its events, also when it is unbound.
#[pin_data]
pub(crate) struct Source {
    number: u32,
    mode: InterruptMode,
    form: Form,
    counters: Counters,
    ring: Ring,
    switches: Switches,
    contexts: Contexts,
    ports: Ports,
    /// What follows each event, in whole words.
    payload: KVec<u64>,
    /// How many bytes of it count.
    payload_bytes: usize,
    /// Whether the handler tells how long it took.
    measure: bool,
    #[pin]
    chardev: Chardev,
    signal: Signal,
    #[pin]
    eventfd: Eventfd,
    sysfs: Sysfs,
}

impl Source {
    /// The device `number`, which people know by its `address`, and whose events have data with
    /// these attributes.
    pub(super) fn new<'a>(
        number: u32,
        address: &'a CStr,
        mode: InterruptMode,
        data: &'static [u16],
        parameters: &'a Parameters,
    ) -> impl PinInit<Self, Error> + use<'a> {
        let payload_bytes = parameters.payload();
        let payload_words = payload_bytes.div_ceil(size_of::<u64>());
        let (history, first_seq) = (parameters.history, parameters.first_seq());

        try_pin_init!(Self {
            number,
            mode,
            form: Form::new(now(), address, data, payload_bytes)?,
            counters: Counters::new(first_seq),
            ring: Ring::new(*number, history, payload_words, first_seq)?,
            switches: Switches::new(parameters.paths),
            contexts: Contexts::new(parameters.context),
            ports: Ports::new(),
            payload: KVec::from_elem(PAYLOAD, payload_words, GFP_KERNEL)?,
            payload_bytes,
            measure: parameters.measure,
            chardev <- Chardev::new(),
            signal: Signal::new(),
            eventfd <- Eventfd::new(),
            sysfs: Sysfs::new(),
        })
    }

    /// Tells all who wait that there will be no more events. To be called when the handler is gone.
    pub(super) fn end(&self) {
        self.ring.end();
        self.chardev.end();
        self.signal.end();
        self.eventfd.end();
    }

    /// Returns those who wait for events with an open file.
    #[inline]
    pub(super) fn chardev(&self) -> &Chardev {
        &self.chardev
    }

    /// Returns those who want a signal for each event.
    #[inline]
    pub(super) fn signal(&self) -> &Signal {
        &self.signal
    }

    /// Returns the eventfds that are signalled for each event.
    #[inline]
    pub(super) fn eventfd(&self) -> &Eventfd {
        &self.eventfd
    }

    /// Returns those who poll the attribute in sysfs.
    #[inline]
    pub(super) fn sysfs(&self) -> &Sysfs {
        &self.sysfs
    }

    /// Returns the instance number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Returns how the device signals its interrupts.
    pub(crate) fn mode(&self) -> InterruptMode {
        self.mode
    }

    /// Returns what became of the device's interrupts.
    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Returns the device's last events.
    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Returns the delivery paths that are on.
    #[inline]
    pub(super) fn on(&self) -> PathSet {
        self.switches.on()
    }

    /// Switches these delivery paths on and all others off.
    pub(super) fn switch(&self, on: PathSet) {
        self.switches.switch(on);
    }

    /// Returns where netlink messages are sent from.
    #[inline]
    pub(super) fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Returns the ports that have registered for the events.
    #[inline]
    pub(super) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Returns the attributes of the words of data.
    pub(super) fn data(&self) -> &'static [u16] {
        self.form.data()
    }

    /// Returns whether the handler tells how long it took.
    pub(super) fn measures(&self) -> bool {
        self.measure
    }

    /// Keeps an event in the ring. To be called by the handler only.
    #[inline]
    pub(super) fn keep(&self, record: &Record) {
        self.ring.write(record, &self.payload);
    }

    /// Returns the size in bytes of the attributes that [`Self::put_event`] writes.
    pub(super) fn event_size(&self, record: &Record) -> usize {
        self.form.size(record)
    }

    /// Writes the attributes of an event.
    pub(super) fn put_event(&self, record: &Record, attributes: &mut Attributes<'_>) -> Result {
        let payload = &self.payload.as_slice().as_bytes()[..self.payload_bytes];
        self.form.put(record, payload, attributes)
    }

    /// Returns the size in bytes of the attributes that [`Self::put`] writes.
    pub(super) fn size(&self) -> usize {
        const U32S: usize = 7;
        const COUNTERS: usize = 17;

        size::string(self.form.address()) + U32S * size::u32() + COUNTERS * size::u64()
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
            (device::SWITCHED_OFF, counters.switched_off),
            (device::READER_OVERRUNS, self.counters.reader_overruns()),
            (device::SIGNALS, counters.signals),
            (device::EVENTFD_SIGNALS, counters.eventfd_signals),
            (device::UNICAST_SENT, counters.unicast_sent),
            (device::UNICAST_ERRORS, counters.unicast_errors),
            (device::SENT_HARD, counters.sent_hard),
            (device::SENT_BH, counters.sent_bh),
            (device::SENT_THREAD, counters.sent_thread),
            (device::INCARNATION, self.form.incarnation()),
            (device::FIRST_SEQ, self.ring.first()),
        ];

        attributes.put_u32(device::DEVICE, self.number)?;
        attributes.put_string(device::ADDRESS, self.form.address())?;
        attributes.put_u32(device::INTERRUPT_MODE, self.mode.as_raw())?;
        attributes.put_u32(device::PATHS, self.on().bits())?;
        // CAST: It was a `u32`.
        attributes.put_u32(device::HISTORY, self.ring.capacity() as u32)?;
        attributes.put_u32(device::CONTEXT, self.contexts.asked())?;
        attributes.put_u32(device::CONTEXT_NOW, self.contexts.now())?;
        // CAST: At most a few hundred.
        attributes.put_u32(device::PORTS, self.ports.count() as u32)?;
        for (attribute, value) in counters {
            attributes.put_u64(attribute, value, device::PAD)?;
        }
        Ok(())
    }
}

/// Returns a number that no earlier call returned since the machine was started: nanoseconds.
fn now() -> u64 {
    // CAST: This clock is never negative.
    BootTime::ktime_get() as u64
}

/// What the attribute in sysfs shows: the sequence number of the last event.
impl Show for Source {
    fn show(&self) -> u64 {
        self.ring.head()
    }
}
