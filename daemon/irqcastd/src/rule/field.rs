//! What a hook can be told, by name. `{lost-from}` in an argument is what `IRQCAST_LOST_FROM` is in the
//! environment.

use super::Match;

/// Every hook is told these.
pub const ALWAYS: [&str; 4] = ["rule", "device", "address", "repeated"];

/// A hook for an event is told these.
pub const OF_EVENT: [&str; 6] = [
    "seq",
    "time-ns",
    "cause",
    "replayed",
    "factorial",
    "dma-bytes",
];

/// A hook for a loss is told these.
pub const OF_LOSS: [&str; 3] = ["lost-from", "lost-to", "lost-count"];

/// All that there are.
#[must_use]
pub fn all() -> Vec<&'static str> {
    [&ALWAYS[..], &OF_EVENT, &OF_LOSS].concat()
}

/// Those that a hook for what `matches` is met by can be told.
#[must_use]
pub fn of(matches: &Match) -> Vec<&'static str> {
    let own: &[&str] = match matches.lost {
        true => &OF_LOSS,
        false => &OF_EVENT,
    };
    [&ALWAYS, own].concat()
}

/// The name of the environment variable that says the same.
#[must_use]
pub fn variable(field: &str) -> String {
    format!("IRQCAST_{}", field.to_uppercase().replace('-', "_"))
}
