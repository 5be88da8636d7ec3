//! Deadlines, and what each is for. Pure: what time it is, is said by whoever asks.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// At most one deadline for each key.
pub struct Timers<K> {
    by_time: BTreeSet<(Instant, K)>,
    by_key: HashMap<K, Instant>,
}

impl<K: Clone + Eq + Hash + Ord> Timers<K> {
    /// None.
    pub fn new() -> Self {
        Self {
            by_time: BTreeSet::new(),
            by_key: HashMap::new(),
        }
    }

    /// Sets the deadline of `key`, in the place of the one that it had.
    pub fn set(&mut self, key: K, at: Instant) {
        self.cancel(&key);
        self.by_time.insert((at, key.clone()));
        self.by_key.insert(key, at);
    }

    /// Takes the deadline of `key` away, if it has one.
    pub fn cancel(&mut self, key: &K) {
        if let Some(at) = self.by_key.remove(key) {
            self.by_time.remove(&(at, key.clone()));
        }
    }

    /// The next deadline.
    pub fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|&(at, _)| at)
    }

    /// Takes the key whose deadline passed first, if one has passed.
    pub fn take_due(&mut self, now: Instant) -> Option<K> {
        self.next().filter(|&at| at <= now)?;
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        /// Deadlines pass in their order, each once, whatever was set anew or taken away.
        #[test]
        fn deadlines_pass_in_order(
            steps in prop::collection::vec((0..8u8, prop::option::of(0..50u64)), 0..40),
        ) {
            let start = Instant::now();
            let mut timers = Timers::new();
            let mut model = HashMap::new();
            for (key, after) in steps {
                match after {
                    Some(after) => {
                        let at = start + Duration::from_secs(after);
                        timers.set(key, at);
                        model.insert(key, at);
                    }
                    None => {
                        timers.cancel(&key);
                        model.remove(&key);
                    }
                }
            }
            prop_assert_eq!(timers.next(), model.values().min().copied());
            let middle = start + Duration::from_secs(25);
            let mut expected: Vec<_> = model.iter().map(|(&key, &at)| (at, key)).collect();
            expected.retain(|&(at, _)| at <= middle);
            expected.sort();
            let due: Vec<_> = std::iter::from_fn(|| timers.take_due(middle)).collect();
            prop_assert_eq!(due, expected.into_iter().map(|(_, key)| key).collect::<Vec<_>>());
            prop_assert!(timers.next().is_none_or(|at| at > middle));
        }
    }
}
