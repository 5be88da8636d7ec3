//! Counts, for each rule, of what did not go as an event's hook should.

use std::collections::BTreeMap;
use tracing::info;

/// Counts of one rule since the daemon started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hooks whose time limit passed.
    pub time_limits: u64,
    /// Hooks that were dropped without having run.
    pub dropped: u64,
    /// Events that became one with an earlier one.
    pub merged: u64,
    /// Starts of hooks that had failed before for the same.
    pub retries: u64,
}

/// The counts of all rules that have some.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, Counts>);

impl Tally {
    /// The counts of a rule, to be changed.
    pub fn of(&mut self, rule: &str) -> &mut Counts {
        self.0.entry(rule.to_owned()).or_default()
    }

    /// Logs them.
    pub fn log(&self) {
        for (rule, counts) in &self.0 {
            let Counts {
                time_limits,
                dropped,
                merged,
                retries,
            } = counts;
            info!(rule, time_limits, dropped, merged, retries, "counted");
        }
    }
}
