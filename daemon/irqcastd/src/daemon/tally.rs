//! Counts, for each rule, of what did not go as an event's hook should.

use std::collections::BTreeMap;
use std::rc::Rc;
use tracing::info;

/// Counts of one rule since the daemon started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hooks whose time limit passed.
    pub time_limits: u64,
}

/// The counts of all rules that have some.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Rc<str>, Counts>);

impl Tally {
    /// The counts of a rule, to be changed.
    pub fn of(&mut self, rule: &str) -> &mut Counts {
        self.0.entry(Rc::from(rule)).or_default()
    }

    /// Logs them.
    pub fn log(&self) {
        for (rule, counts) in &self.0 {
            let Counts { time_limits } = counts;
            info!(%rule, time_limits, "counted");
        }
    }
}
