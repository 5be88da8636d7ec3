//! What the daemon tells of itself as metrics.

use super::Daemon;
use crate::metrics::{Snapshot, render};
use std::time::Instant;

impl Daemon {
    /// The metrics at this moment.
    pub(super) fn render_metrics(&self) -> String {
        render(&Snapshot {
            events: &self.events,
            hooks: self.hooks.counters(),
            busy: &self.hooks.busy(),
            joined: self.subscription.joined().is_some(),
            holds_back: self.hooks.holds_back(),
        })
    }

    /// When the file is to be written, if it is behind.
    pub(super) fn metrics_deadline(&self) -> Option<Instant> {
        self.metrics.deadline(self.counted_changes())
    }

    /// Writes the file if it is time for that.
    pub(super) fn write_metrics(&mut self) {
        let changes = self.counted_changes();
        if self
            .metrics_deadline()
            .is_some_and(|due| due <= Instant::now())
        {
            let text = self.render_metrics();
            self.metrics.write(changes, &text);
        }
    }

    /// Writes what has changed, now that nothing changes any more.
    pub(super) fn finish_metrics(&mut self) {
        let changes = self.counted_changes();
        if self.metrics_deadline().is_some() {
            let text = self.render_metrics();
            self.metrics.write(changes, &text);
        }
    }

    /// Grows with every change of what the metrics tell.
    fn counted_changes(&self) -> u64 {
        let events = self.events.changes();
        events.saturating_add(self.hooks.counters().changes())
    }
}
