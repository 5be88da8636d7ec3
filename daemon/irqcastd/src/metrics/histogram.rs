//! How durations are distributed.

use std::time::Duration;

/// Upper ends of the buckets in seconds, as they are printed, and in nanoseconds.
const BOUNDS: [(&str, u128); 14] = [
    ("0.001", 1_000_000),
    ("0.0025", 2_500_000),
    ("0.005", 5_000_000),
    ("0.01", 10_000_000),
    ("0.025", 25_000_000),
    ("0.05", 50_000_000),
    ("0.1", 100_000_000),
    ("0.25", 250_000_000),
    ("0.5", 500_000_000),
    ("1", 1_000_000_000),
    ("5", 5_000_000_000),
    ("10", 10_000_000_000),
    ("60", 60_000_000_000),
    ("300", 300_000_000_000),
];

/// Durations, counted in buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many are in each bucket, and not in the one before.
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: Duration,
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, duration: Duration) {
        let bucket = BOUNDS
            .iter()
            .position(|&(_, bound)| duration.as_nanos() <= bound);
        if let Some(bucket) = bucket {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(duration);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The upper end of each bucket in seconds, and how many were not longer. The last one, `+Inf`,
    /// has all.
    pub fn cumulative(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let mut sum = 0;
        let finite = BOUNDS.iter().zip(&self.buckets);
        finite
            .map(move |(&(bound, _), count)| {
                sum += count;
                (bound, sum)
            })
            .chain([("+Inf", self.count)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_buckets_belong_to_them() {
        let mut histogram = Histogram::default();
        for microseconds in [0, 1_000, 1_001, 1_000_000, 300_000_001] {
            histogram.add(Duration::from_micros(microseconds));
        }
        let found: Vec<_> = histogram.cumulative().collect();
        let of = |end| found.iter().find(|(bound, _)| *bound == end).unwrap().1;
        assert_eq!(of("0.001"), 2);
        assert_eq!(of("0.0025"), 3);
        assert_eq!(of("0.5"), 3);
        assert_eq!(of("1"), 4);
        assert_eq!(of("300"), 4);
        assert_eq!(of("+Inf"), 5);
        assert_eq!(histogram.count(), 5);
        assert_eq!(histogram.sum(), Duration::from_micros(301_002_002));
    }

    #[test]
    fn printed_bounds_are_the_real_ones() {
        for (text, nanoseconds) in BOUNDS {
            let seconds: f64 = text.parse().unwrap();
            assert_eq!(Duration::from_secs_f64(seconds).as_nanos(), nanoseconds);
        }
    }
}
