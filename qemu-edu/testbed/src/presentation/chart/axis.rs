//! An axis with round ticks, linear or logarithmic.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    from: f64,
    to: f64,
    scale: Scale,
    ticks: Vec<(f64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// Ticks at most, on the smallest chart.
const TICKS: usize = 5;

/// Two ticks are at least this share of the axis apart, so that their names do not overlap.
const APART: f64 = 0.21;

impl Axis {
    /// A logarithmic axis over all these values, which are greater than 0.
    pub fn logarithmic(
        values: impl IntoIterator<Item = f64>,
        name: impl Fn(f64) -> String,
    ) -> Self {
        let values = values.into_iter().filter(|value| *value > 0.0);
        let (from, to) = ends(values).unwrap_or((1.0, 10.0));
        // Values that are nearly equal are not blown up to look different.
        let widened = (1.25 * from / to).max(1.0).sqrt();
        let (from, to) = (from / widened / 1.04, to * widened * 1.04);
        let ticks = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]]
            .into_iter()
            .map(|digits| logarithmic_ticks(from, to, digits))
            .find(|ticks| ticks.len() <= TICKS && are_apart(ticks, from, to))
            .unwrap_or_else(|| {
                let decades = logarithmic_ticks(from, to, &[1.0]);
                let step = decades.len().div_ceil(TICKS);
                decades.into_iter().step_by(step).collect()
            });
        // Less than a factor of two holds hardly a round number.
        let ticks = if ticks.len() < 2 {
            linear_ticks(from, to)
        } else {
            ticks
        };
        Self::with(from, to, Scale::Logarithmic, ticks, name)
    }

    /// A linear axis from 0 over all these values.
    pub fn linear(values: impl IntoIterator<Item = f64>, name: impl Fn(f64) -> String) -> Self {
        let to = values.into_iter().fold(0.0, f64::max);
        let to = if to > 0.0 { to } else { 1.0 };
        Self::with(0.0, to * 1.04, Scale::Linear, linear_ticks(0.0, to), name)
    }

    /// A linear axis from nothing to everything.
    pub fn share() -> Self {
        let ticks = vec![0.0, 0.25, 0.5, 0.75, 1.0];
        Self::with(-0.02, 1.02, Scale::Linear, ticks, |share| {
            format!("{:.0}%", share * 100.0)
        })
    }

    /// An axis whose values are the places of rows, the first at the top.
    pub fn rows(count: usize) -> Self {
        Self::with(count as f64, 0.0, Scale::Linear, Vec::new(), |_| {
            String::new()
        })
    }

    fn with(
        from: f64,
        to: f64,
        scale: Scale,
        ticks: Vec<f64>,
        name: impl Fn(f64) -> String,
    ) -> Self {
        let ticks = ticks.into_iter().map(|tick| (tick, name(tick))).collect();
        Self {
            from,
            to,
            scale,
            ticks,
        }
    }

    /// The value at this share of the axis.
    pub fn at(&self, share: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.from + (self.to - self.from) * share,
            Scale::Logarithmic => self.from * (self.to / self.from).powf(share),
        }
    }

    /// Which share of the axis lies before `value`.
    pub fn share_of(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Logarithmic => (value / self.from).ln() / (self.to / self.from).ln(),
        }
    }

    fn name_of(&self, value: f64) -> String {
        let mut ticks = self.ticks.iter();
        let found = ticks.find(|(tick, _)| *tick == value);
        found.map_or_else(String::new, |(_, name)| name.clone())
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = self.share_of(*value).clamp(0.0, 1.0);
        limit.0 + (f64::from(limit.1 - limit.0) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(tick, _)| *tick).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.name_of(*value)
    }
}

fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((value, value), |(least, most)| {
            (least.min(value), most.max(value))
        }))
    })
}

fn logarithmic_ticks(from: f64, to: f64, digits: &[f64]) -> Vec<f64> {
    let decades = from.log10().floor() as i32..=to.log10().ceil() as i32;
    decades
        .flat_map(|decade| digits.iter().map(move |digit| digit * 10_f64.powi(decade)))
        .filter(|tick| (from..=to).contains(tick))
        .collect()
}

fn are_apart(ticks: &[f64], from: f64, to: f64) -> bool {
    let least = (to / from).powf(APART);
    ticks.windows(2).all(|pair| pair[1] / pair[0] >= least)
}

fn linear_ticks(from: f64, to: f64) -> Vec<f64> {
    let rough = (to - from) / TICKS as f64;
    let decade = 10_f64.powf(rough.log10().floor());
    let mut steps = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * decade);
    let step = steps.find(|step| *step >= rough).unwrap_or(rough);
    let first = (from / step).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last).map(|number| number as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, name)| name.as_str()).collect()
    }

    fn plain(value: f64) -> String {
        value.to_string()
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (values, expected) in [
            (&[10.0, 900.0][..], &["10", "30", "100", "300"][..]),
            (&[12.0, 600.0], &["30", "100", "300"]),
            (&[10.0, 90_000.0], &["10", "100", "1000", "10000"]),
            (&[5000.0, 5100.0], &["4500", "5000", "5500"]),
            (&[], &["1", "2", "5", "10"]),
        ] {
            let axis = Axis::logarithmic(values.iter().copied(), plain);
            assert_eq!(ticks(&axis), expected, "{values:?}");
        }
        assert_eq!(ticks(&Axis::linear([37.0], plain)), ["0", "10", "20", "30"]);
        assert_eq!(ticks(&Axis::linear([], plain)).first(), Some(&"0"));
    }

    #[test]
    fn values_lie_where_they_belong() {
        let axis = Axis::logarithmic([1.0, 100.0], plain);
        assert_eq!(axis.map(&10.0, (0, 200)), 100);
        assert_eq!(axis.map(&1e9, (0, 200)), 200);
        assert_eq!(Axis::share().map(&0.5, (300, 100)), 200);
        assert_eq!(Axis::rows(4).map(&1.0, (400, 0)), 100);
    }
}
