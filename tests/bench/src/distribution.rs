//! Samples, and what is kept of them.

use serde::{Deserialize, Serialize};

/// Buckets of the histogram for each doubling of the value: a bucket is at most 0.8% wide.
const BUCKETS_PER_DOUBLING: u64 = 128;

/// How values are spread. Percentiles are values that occurred, not interpolated ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The smallest.
    pub min: u64,
    /// The median.
    pub p50: u64,
    /// 90 of 100 are not larger.
    pub p90: u64,
    /// 99 of 100 are not larger.
    pub p99: u64,
    /// 999 of 1000 are not larger.
    pub p999: u64,
    /// The largest.
    pub max: u64,
    /// How many there are.
    pub samples: u64,
    /// Values, and how many samples had that value or one at most 0.8% larger.
    pub histogram: Vec<(u64, u64)>,
}

impl Distribution {
    /// Sums samples up. There is nothing to say of none.
    pub fn of(samples: &[u64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable();
        let rank = |per_thousand: usize| {
            let rank = (sorted.len() * per_thousand).div_ceil(1000).max(1);
            sorted.get(rank - 1).copied()
        };
        let mut histogram: Vec<(u64, u64)> = Vec::new();
        for &value in &sorted {
            let bucket = bucket(value);
            match histogram.last_mut() {
                Some((last, count)) if *last == bucket => *count += 1,
                _ => histogram.push((bucket, 1)),
            }
        }
        Some(Self {
            min: *sorted.first()?,
            p50: rank(500)?,
            p90: rank(900)?,
            p99: rank(990)?,
            p999: rank(999)?,
            max: *sorted.last()?,
            samples: sorted.len() as u64,
            histogram,
        })
    }
}

/// The median, where there are samples.
pub fn median(samples: &[u64]) -> Option<u64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted
        .get(sorted.len().div_ceil(2).checked_sub(1)?)
        .copied()
}

/// The smallest value of the bucket that `value` is in.
fn bucket(value: u64) -> u64 {
    let width = (value / BUCKETS_PER_DOUBLING).max(1);
    let width = 1 << width.ilog2();
    value / width * width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let samples: Vec<u64> = (1..=1000).rev().collect();
        let distribution = Distribution::of(&samples).unwrap();
        let Distribution {
            min,
            p50,
            p90,
            p99,
            p999,
            max,
            samples,
            ..
        } = distribution;
        assert_eq!((min, p50, p90, p99), (1, 500, 900, 990));
        assert_eq!((p999, max, samples), (999, 1000, 1000));
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!(median(&[7]), Distribution::of(&[7]).map(|one| one.p50));
        assert_eq!((median(&[]), Distribution::of(&[])), (None, None));
    }

    #[test]
    fn histogram_keeps_every_sample_within_a_hundredth() {
        let samples: Vec<u64> = (0..5000).map(|n| n * n).collect();
        let histogram = Distribution::of(&samples).unwrap().histogram;
        assert_eq!(histogram.iter().map(|(_, count)| count).sum::<u64>(), 5000);
        assert!(histogram.is_sorted_by(|a, b| a.0 < b.0));
        for value in samples {
            assert!(bucket(value) <= value && value - bucket(value) <= value / 100);
        }
    }
}
