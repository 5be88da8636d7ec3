//! What a listener of any path does.

use std::io;

/// What one return of a listener's call brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When the call returned.
    pub returned_ns: u64,
    /// When the handler took its time for the last event of the call, where the path says it.
    pub handled_ns: Option<u64>,
    /// Events that the listener now knows of.
    pub events: u64,
    /// Events that it now knows to have missed.
    pub told: u64,
}

/// A listener of one path: opened, joined, and ready to wait.
pub trait Receiver: Send {
    /// Waits for an event and takes what is there.
    ///
    /// A signal, and nothing else, makes it return [`io::ErrorKind::Interrupted`].
    fn receive(&mut self) -> io::Result<Seen>;

    /// System calls that it has made in [`Receiver::receive`].
    fn syscalls(&self) -> u64;
}

/// Finds gaps in sequence numbers.
#[derive(Debug, Default)]
pub struct Gaps {
    last: Option<u64>,
}

impl Gaps {
    /// How many events are missing before the one with this number. The first one that is
    /// seen has none before it: the listener came when it came.
    pub fn before(&mut self, seq: u64) -> u64 {
        let missing = match self.last {
            Some(last) => seq.saturating_sub(last + 1),
            None => 0,
        };
        self.last = Some(seq);
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::Gaps;

    #[test]
    fn gaps_are_counted_once() {
        let mut gaps = Gaps::default();
        let missing: Vec<u64> = [7, 8, 11, 12, 14].map(|seq| gaps.before(seq)).into();
        assert_eq!(missing, [0, 0, 2, 0, 1]);
    }
}
