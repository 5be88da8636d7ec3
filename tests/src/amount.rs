//! How much a test does, and what it found: a long form is the same test with a larger count.

use std::fmt::Display;

/// Holds the count that a long form was asked for.
const VARIABLE: &str = "IRQCAST_COUNT";

/// How often to do what the test does: what the environment variable `IRQCAST_COUNT` says, from 1
/// on, or else `default`.
pub fn count(default: u64) -> u64 {
    std::env::var(VARIABLE)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|count| *count > 0)
        .unwrap_or(default)
}

/// Tells the testbed a figure, which a long form has in its report.
pub fn stated(what: &str, value: impl Display) {
    println!("figure: {what} {value}");
}
