//! What a hook can be told, by name. `{lost-from}` in an argument is what `IRQCAST_LOST_FROM` is in the
//! environment.

use super::{Match, Terms};

/// Every hook that is of a device is told these.
pub const ALWAYS: [&str; 4] = ["rule", "device", "address", "repeated"];

/// A hook for a message of another family is told only these, and what the message has in variables of its
/// own.
pub const OF_MESSAGE: [&str; 2] = ["rule", "repeated"];

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

/// A hook for what was dropped is told these.
pub const OF_DROP: [&str; 4] = [
    "dropped-rule",
    "dropped-from",
    "dropped-to",
    "dropped-count",
];

/// A hook for a device that came or went is told this.
pub const OF_CHANGE: [&str; 1] = ["change"];

/// A hook for events that may become one is told these.
pub const OF_MERGED: [&str; 3] = ["merged-count", "merged-from", "merged-to"];

/// A hook that may be tried again is told this.
pub const OF_RETRY: [&str; 1] = ["attempt"];

/// All that there are.
#[must_use]
pub fn all() -> Vec<&'static str> {
    let kinds: [&[&str]; 7] = [
        &ALWAYS, &OF_EVENT, &OF_LOSS, &OF_DROP, &OF_CHANGE, &OF_MERGED, &OF_RETRY,
    ];
    kinds.concat()
}

/// Those that a hook can be told which is for what `matches` is met by, on these terms.
#[must_use]
pub fn of(matches: &Match, terms: &Terms) -> Vec<&'static str> {
    let own: &[&str] = match matches {
        Match { lost: true, .. } => &OF_LOSS,
        Match {
            dropped: Some(_), ..
        } => &OF_DROP,
        matches if matches.is_for_changes() => &OF_CHANGE,
        _ => &OF_EVENT,
    };
    let mut fields = match matches.family {
        Some(_) => OF_MESSAGE.to_vec(),
        None => [&ALWAYS, own].concat(),
    };
    if terms.gather.is_some() {
        fields.extend(OF_MERGED);
    }
    if terms.retry.is_some() {
        fields.extend(OF_RETRY);
    }
    fields
}

/// The name of the environment variable that says the same.
#[must_use]
pub fn variable(field: &str) -> String {
    const PREFIX: &str = "IRQCAST_";
    let mut variable = String::with_capacity(PREFIX.len() + field.len());
    variable.push_str(PREFIX);
    variable.extend(field.chars().map(|character| match character {
        '-' => '_',
        character => character.to_ascii_uppercase(),
    }));
    variable
}
