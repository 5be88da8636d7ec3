//! What the daemon counts, and its form for Prometheus.
//!
//! Whoever does something counts it: the daemon its events ([`Events`]), the hooks theirs ([`Hooks`]).
//! Counters are plain numbers, since one thread counts and reads them. [`render`] writes them in the
//! text format, and [`file`] keeps a file with them.

mod events;
mod exposition;
pub mod file;
mod histogram;
mod hooks;

pub use events::Events;
#[cfg(test)]
pub use hooks::Rule;
pub use hooks::{Busy, End, Hooks};

use exposition::Exposition;

/// All that there is to tell at one moment.
pub struct Snapshot<'a> {
    /// What came.
    pub events: &'a Events,
    /// What ran.
    pub hooks: &'a Hooks,
    /// What waits and runs, for each rule that the configuration has or that is busy.
    pub busy: &'a [Busy],
    /// Whether the driver is there.
    pub joined: bool,
    /// Whether no event is taken, because too many hooks wait.
    pub holds_back: bool,
}

/// The text format of Prometheus, version 0.0.4.
#[must_use]
pub fn render(snapshot: &Snapshot<'_>) -> String {
    let mut to = Exposition::default();
    to.gauge(
        "irqcast_driver_joined",
        "Whether the driver is loaded and its events are received.",
        snapshot.joined.into(),
    );
    to.gauge(
        "irqcast_holding_back",
        "Whether no event is taken because too many hooks wait.",
        snapshot.holds_back.into(),
    );
    snapshot.events.render(&mut to);
    snapshot.hooks.render(&mut to);
    hooks::render_busy(snapshot.busy, &mut to);
    to.into_text()
}

#[cfg(test)]
mod tests;
