//! Counts what the subscription tells, and what the daemon is told to do.

use super::exposition::Exposition;
use irqcast::{Event, Lost};

/// Counters since the daemon was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Events received when they happened.
    pub received: u64,
    /// Events fetched from the driver later.
    pub replayed: u64,
    /// Events that are lost.
    pub lost: u64,
    /// Ranges that they were told in.
    pub loss_ranges: u64,
    /// Times that the kernel dropped events because the receive buffer was full.
    pub overruns: u64,
    /// Messages of the kernel that the protocol does not describe.
    pub malformed: u64,
    /// Events and losses of traces that were replayed.
    pub traced: u64,
    /// Times that the driver was there, or came.
    pub joins: u64,
    /// Times that the driver went.
    pub departures: u64,
    /// Configurations taken after the first.
    pub reloads: u64,
    /// Configurations that were wrong and changed nothing.
    pub reloads_refused: u64,
}

impl Events {
    /// An event came.
    pub fn event(&mut self, event: &Event) {
        match event.replayed {
            false => self.received += 1,
            true => self.replayed += 1,
        }
    }

    /// Events are lost.
    pub fn loss(&mut self, lost: &Lost) {
        self.lost = self.lost.saturating_add(lost.count());
        self.loss_ranges += 1;
    }

    /// Each counter with its name in metrics and its help, in this order everywhere.
    #[must_use]
    pub fn all(&self) -> [(&'static str, &'static str, u64); 11] {
        [
            (
                "irqcast_events_received_total",
                "Events received when they happened.",
                self.received,
            ),
            (
                "irqcast_events_replayed_total",
                "Events fetched from the driver after they happened.",
                self.replayed,
            ),
            (
                "irqcast_events_lost_total",
                "Events that nobody can fetch any more.",
                self.lost,
            ),
            (
                "irqcast_loss_ranges_total",
                "Ranges that lost events were told in.",
                self.loss_ranges,
            ),
            (
                "irqcast_receive_overruns_total",
                "Times that the kernel dropped events because the receive buffer was full.",
                self.overruns,
            ),
            (
                "irqcast_malformed_messages_total",
                "Messages of the kernel that the protocol does not describe.",
                self.malformed,
            ),
            (
                "irqcast_trace_items_total",
                "Events and losses that somebody replayed from a trace.",
                self.traced,
            ),
            (
                "irqcast_driver_joins_total",
                "Times that the driver's events began to be received.",
                self.joins,
            ),
            (
                "irqcast_driver_departures_total",
                "Times that the driver was removed.",
                self.departures,
            ),
            (
                "irqcast_reloads_total",
                "Configurations taken while the daemon ran.",
                self.reloads,
            ),
            (
                "irqcast_reloads_refused_total",
                "Configurations that were wrong and changed nothing.",
                self.reloads_refused,
            ),
        ]
    }

    /// Grows with every change.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.all()
            .iter()
            .fold(0, |sum, &(_, _, value)| sum.saturating_add(value))
    }

    pub(super) fn render(&self, to: &mut Exposition) {
        for (name, help, value) in self.all() {
            to.counter(name, help, value);
        }
    }
}
