//! A set of sequence numbers, kept as ranges. Pure.

use serde::{Deserialize, Serialize};

/// Numbers as ranges, both ends included, in order and with gaps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `number` is one of them.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.0.partition_point(|&(from, _)| from <= number);
        after > 0 && self.0[after - 1].1 >= number
    }

    /// Adds `from` to `to`, both included.
    pub fn insert(&mut self, mut from: u64, mut to: u64) {
        // All that overlap it or touch it become one with it.
        let first = self
            .0
            .partition_point(|&(_, end)| end.saturating_add(1) < from);
        let after = self
            .0
            .partition_point(|&(start, _)| start <= to.saturating_add(1));
        if first < after {
            from = from.min(self.0[first].0);
            to = to.max(self.0[after - 1].1);
        }
        self.0.splice(first..after, [(from, to)]);
    }

    /// Takes `from` to `to`, both included, away.
    pub fn remove(&mut self, from: u64, to: u64) {
        let first = self.0.partition_point(|&(_, end)| end < from);
        let after = self.0.partition_point(|&(start, _)| start <= to);
        if first >= after {
            return;
        }
        let (start, end) = (self.0[first].0, self.0[after - 1].1);
        let left = (start < from).then(|| (start, from - 1));
        let right = (end > to).then(|| (to + 1, end));
        self.0.splice(first..after, left.into_iter().chain(right));
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }
}

impl From<Ranges> for Vec<(u64, u64)> {
    fn from(ranges: Ranges) -> Self {
        ranges.0
    }
}

impl TryFrom<Vec<(u64, u64)>> for Ranges {
    type Error = &'static str;

    fn try_from(ranges: Vec<(u64, u64)>) -> Result<Self, Self::Error> {
        let sound = ranges.iter().all(|&(from, to)| 1 <= from && from <= to)
            && ranges
                .windows(2)
                .all(|pair| pair[0].1.saturating_add(1) < pair[1].0);
        match sound {
            true => Ok(Self(ranges)),
            false => Err("ranges are from a number to one that is not less, and in order"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Whatever is added and removed, the ranges hold what a plain set holds, in their one form.
        #[test]
        fn ranges_are_a_set(
            steps in prop::collection::vec((any::<bool>(), 1..40u64, 0..6u64), 0..40),
        ) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for (add, from, more) in steps {
                let numbers = from..=from + more;
                if add {
                    ranges.insert(from, from + more);
                    set.extend(numbers);
                } else {
                    ranges.remove(from, from + more);
                    set.retain(|number| !numbers.contains(number));
                }
                let listed: Vec<u64> = ranges.iter().flat_map(|(from, to)| from..=to).collect();
                prop_assert!(listed.iter().eq(set.iter()));
                prop_assert!((0..50).all(|number| ranges.contains(number) == set.contains(&number)));
                prop_assert_eq!(Ranges::try_from(Vec::from(ranges.clone())), Ok(ranges.clone()));
            }
        }
    }

    #[test]
    fn ends_of_the_numbers_do_not_wrap() {
        let mut ranges = Ranges::default();
        ranges.insert(u64::MAX, u64::MAX);
        ranges.insert(1, 1);
        ranges.remove(u64::MAX, u64::MAX);
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [(1, 1)]);
        ranges.remove(0, u64::MAX);
        assert!(ranges.is_empty());
    }
}
