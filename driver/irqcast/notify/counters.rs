// SPDX-License-Identifier: GPL-2.0

//! What became of a device's interrupts, in numbers.

use kernel::{
    processor::cpu_relax,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

use super::context::By;
use super::record::LAST_SEQ;
use super::word::{
    read_barrier,
    write_barrier,
    Word, //
};

/// What became of an event on the path that multicasts it.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// It was handed over for delivery without an error.
    Sent,
    /// Nobody had joined the group.
    NoListener,
    /// There was no memory for it.
    AllocFailure,
    /// At least one listener did not get it, as far as we are told.
    SendError,
    /// The path was switched off.
    SwitchedOff,
}

/// Counters of a device, which start at 0, but `interrupts` starts before the device's first
/// sequence number.
///
/// The handler writes them, and nobody else at the same time, and never waits. It counts an event
/// in `interrupts` first and by its [`Outcome`] last, so between two calls of the handler the
/// outcomes add up to the interrupts since the start.
pub(super) struct Counters {
    interrupts: Count,
    events_sent: Count,
    no_listener: Count,
    alloc_failures: Count,
    send_errors: Count,
    switched_off: Count,
    spurious: Count,
    signals: Count,
    eventfd_signals: Count,
    unicast_sent: Count,
    unicast_errors: Count,
    sent_hard: Count,
    sent_bh: Count,
    sent_thread: Count,
    /// Written by readers, of which there are many.
    reader_overruns: Atomic<u64>,
    /// Where `interrupts` started.
    start: u64,
}

/// A number that only grows, and that one side writes.
struct Count(Word);

impl Count {
    const fn new() -> Self {
        Self(Word::new(0))
    }
}

/// The values that the counters had at one moment.
#[derive(Clone, Copy)]
pub(super) struct Snapshot {
    /// Interrupts seen: the sequence number of the last event.
    pub(super) interrupts: u64,
    /// Events handed over for delivery without an error.
    pub(super) events_sent: u64,
    /// Events not sent because nobody had joined the group.
    pub(super) no_listener: u64,
    /// Events not sent because no memory could be had.
    pub(super) alloc_failures: u64,
    /// Events that were not delivered to at least one listener.
    pub(super) send_errors: u64,
    /// Events not multicast because that was switched off.
    pub(super) switched_off: u64,
    /// Calls of the handler that found nothing and made no event.
    pub(super) spurious: u64,
    /// Signals that open files asked for.
    pub(super) signals: u64,
    /// Eventfds that were signalled.
    pub(super) eventfd_signals: u64,
    /// Messages that were sent to ports.
    pub(super) unicast_sent: u64,
    /// Messages that ports did not get.
    pub(super) unicast_errors: u64,
    /// Events sent over netlink by the handler itself.
    pub(super) sent_hard: u64,
    /// Events sent over netlink by a bottom half.
    pub(super) sent_bh: u64,
    /// Events sent over netlink by a thread.
    pub(super) sent_thread: u64,
}

impl Snapshot {
    /// Returns whether no event was under way when the counters were read, of which `interrupts`
    /// had started at `start`.
    fn is_settled(&self, start: u64) -> bool {
        let outcomes = [
            self.events_sent,
            self.no_listener,
            self.alloc_failures,
            self.send_errors,
            self.switched_off,
        ];
        outcomes.iter().sum::<u64>() == self.interrupts - start
    }
}

impl Counters {
    /// All counters are 0, and the sequence number of the first interrupt will be `first`, which is
    /// at least 1.
    pub(super) const fn new(first: u64) -> Self {
        Self {
            interrupts: Count(Word::new(first - 1)),
            events_sent: Count::new(),
            no_listener: Count::new(),
            alloc_failures: Count::new(),
            send_errors: Count::new(),
            switched_off: Count::new(),
            spurious: Count::new(),
            signals: Count::new(),
            eventfd_signals: Count::new(),
            unicast_sent: Count::new(),
            unicast_errors: Count::new(),
            sent_hard: Count::new(),
            sent_bh: Count::new(),
            sent_thread: Count::new(),
            reader_overruns: Atomic::new(0),
            start: first - 1,
        }
    }

    /// Counts an interrupt and returns its number, or [`None`] where all numbers are used up.
    #[inline]
    pub(super) fn count_interrupt(&self) -> Option<u64> {
        let last = self.interrupts.0.read();
        if last == LAST_SEQ {
            return None;
        }
        self.interrupts.0.write(last + 1);
        Some(last + 1)
    }

    /// Counts what became of the event of the interrupt that was counted last.
    pub(super) fn count_outcome(&self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Sent => &self.events_sent,
            Outcome::NoListener => &self.no_listener,
            Outcome::AllocFailure => &self.alloc_failures,
            Outcome::SendError => &self.send_errors,
            Outcome::SwitchedOff => &self.switched_off,
        };

        // Whoever sees this outcome also sees the interrupt that it belongs to.
        write_barrier();
        count.0.add(1);
    }

    /// Counts events that left the ring before they could be sent later.
    pub(super) fn count_left_ring(&self, events: u64) {
        self.send_errors.0.add(events);
    }

    /// Counts a message that was sent to a port.
    pub(super) fn count_unicast_sent(&self) {
        self.unicast_sent.0.add(1);
    }

    /// Counts messages that ports did not get.
    pub(super) fn count_unicast_errors(&self, errors: u64) {
        self.unicast_errors.0.add(errors);
    }

    /// Counts an event that was sent over netlink, by who did it.
    pub(super) fn count_sent_by(&self, by: By) {
        let count = match by {
            By::Handler => &self.sent_hard,
            By::Bh => &self.sent_bh,
            By::Thread => &self.sent_thread,
        };
        count.0.add(1);
    }

    /// Counts a call of the handler that found nothing.
    pub(super) fn count_spurious(&self) {
        self.spurious.0.add(1);
    }

    /// Counts signals that open files asked for.
    pub(super) fn count_signals(&self, signals: u64) {
        self.signals.0.add(signals);
    }

    /// Counts eventfds that were signalled.
    pub(super) fn count_eventfd_signals(&self, signals: u64) {
        self.eventfd_signals.0.add(signals);
    }

    /// Counts events that a reader lost.
    pub(super) fn count_reader_overrun(&self, lost: u64) {
        self.reader_overruns.fetch_add(lost, Relaxed);
    }

    /// Returns how many events readers lost.
    pub(super) fn reader_overruns(&self) -> u64 {
        self.reader_overruns.load(Relaxed)
    }

    /// Returns the counters as they were at one moment between two calls of the handler.
    ///
    /// While the handler runs on another processor this tries again, first without pause and then
    /// with; so someone who has received an event finds it counted with its outcome. After about
    /// 2 ms it takes what it gets: `interrupts` may then be ahead of the outcomes. May sleep.
    pub(super) fn snapshot(&self) -> Snapshot {
        const SPINS: u32 = 100;
        const TRIES: u32 = SPINS + 20;

        for attempt in 1..TRIES {
            let snapshot = self.read();
            if snapshot.is_settled(self.start) {
                return snapshot;
            }

            if attempt < SPINS {
                cpu_relax();
            } else {
                fsleep(Delta::from_micros(100));
            }
        }
        self.read()
    }

    /// Reads all counters, the outcomes first: an outcome that is read had its interrupt counted
    /// before, so if they add up to `interrupts`, nothing was counted in between.
    fn read(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            interrupts: 0,
            events_sent: self.events_sent.0.read(),
            no_listener: self.no_listener.0.read(),
            alloc_failures: self.alloc_failures.0.read(),
            send_errors: self.send_errors.0.read(),
            switched_off: self.switched_off.0.read(),
            spurious: self.spurious.0.read(),
            signals: self.signals.0.read(),
            eventfd_signals: self.eventfd_signals.0.read(),
            unicast_sent: self.unicast_sent.0.read(),
            unicast_errors: self.unicast_errors.0.read(),
            sent_hard: self.sent_hard.0.read(),
            sent_bh: self.sent_bh.0.read(),
            sent_thread: self.sent_thread.0.read(),
        };
        read_barrier();
        snapshot.interrupts = self.interrupts.0.read();
        snapshot
    }
}
