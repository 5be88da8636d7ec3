// SPDX-License-Identifier: GPL-2.0

//! What became of a device's interrupts, in numbers.

use kernel::{
    processor::cpu_relax,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    },
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

/// What became of an event.
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
}

/// Counters of a device, which start at 0.
///
/// The handler writes them and never waits. It counts an event in `interrupts` first and by its
/// [`Outcome`] last, so between two calls of the handler the outcomes add up to `interrupts`.
#[derive(Default)]
pub(super) struct Counters {
    interrupts: Count,
    events_sent: Count,
    no_listener: Count,
    alloc_failures: Count,
    send_errors: Count,
    spurious: Count,
}

/// A number that only grows.
struct Count(Atomic<u64>);

impl Default for Count {
    fn default() -> Self {
        Self(Atomic::new(0))
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
    /// Calls of the handler that found nothing and made no event.
    pub(super) spurious: u64,
}

impl Snapshot {
    /// Returns whether no event was under way when the counters were read.
    fn is_settled(&self) -> bool {
        let outcomes = [
            self.events_sent,
            self.no_listener,
            self.alloc_failures,
            self.send_errors,
        ];
        outcomes.iter().sum::<u64>() == self.interrupts
    }
}

impl Counters {
    /// Counts an interrupt and returns its number, which is 1 for the first.
    pub(super) fn count_interrupt(&self) -> u64 {
        self.interrupts.0.fetch_add(1, Relaxed) + 1
    }

    /// Counts what became of the event of the interrupt that was counted last.
    pub(super) fn count_outcome(&self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Sent => &self.events_sent,
            Outcome::NoListener => &self.no_listener,
            Outcome::AllocFailure => &self.alloc_failures,
            Outcome::SendError => &self.send_errors,
        };

        // Whoever sees this outcome also sees the interrupt that it belongs to.
        count.0.fetch_add(1, Release);
    }

    /// Counts a call of the handler that found nothing.
    pub(super) fn count_spurious(&self) {
        self.spurious.0.fetch_add(1, Relaxed);
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
            if snapshot.is_settled() {
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
        let events_sent = self.events_sent.0.load(Acquire);
        let no_listener = self.no_listener.0.load(Acquire);
        let alloc_failures = self.alloc_failures.0.load(Acquire);
        let send_errors = self.send_errors.0.load(Acquire);
        let interrupts = self.interrupts.0.load(Relaxed);
        let spurious = self.spurious.0.load(Relaxed);

        Snapshot {
            interrupts,
            events_sent,
            no_listener,
            alloc_failures,
            send_errors,
            spurious,
        }
    }
}
