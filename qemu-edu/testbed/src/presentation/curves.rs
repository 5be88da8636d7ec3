//! The charts of a run: which figures each is of.

mod latency;
mod loss;
mod scaling;

use irqcast_bench::schema::{PathRun, Run};

pub use self::{
    latency::latency,
    loss::{bursts, loss},
    scaling::{fan_out, handlers, payload},
};
use super::{
    chart::{Axis, Dots, Row, palette::Line},
    label::{self, GROUPS, Group},
    unit,
};

/// The median and the slow end of each path's latency.
pub fn overview(run: &Run) -> Option<Dots> {
    let reference = label::reference(run).map(|path| label::label(run, path));
    let rows: Vec<Row> = label::by_latency(run)
        .into_iter()
        .filter_map(|path| {
            let latency = path.latency_ns.as_ref()?;
            let label = label::label(run, path);
            Some(Row {
                dot: latency.p50 as f64,
                end: latency.p99 as f64,
                note: unit::time(run.mode, latency.p50 as f64),
                highlighted: reference.as_ref() == Some(&label),
                label,
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let values = rows.iter().flat_map(|row| [row.dot, row.end]);
    Some(Dots {
        title: "Latency of each path".to_owned(),
        description: "For each path a dot at the median latency from the raise to the return in \
                      the listener, and a line from there to the 99th percentile. The figures \
                      are in the table."
            .to_owned(),
        x_title: format!("● p50 ▏p99{}", of_time(run)),
        x: time_axis(run, values),
        rows,
    })
}

/// The paths of each group that are `wanted`, with their lines: the reference first, which
/// looks the same everywhere; a colour for each name, dashes for its listeners.
fn by_group(run: &Run, wanted: impl Fn(&PathRun) -> bool) -> Vec<(Group, Vec<(&PathRun, Line)>)> {
    let reference = label::reference(run).filter(|path| wanted(path));
    let mut groups = Vec::new();
    for group in GROUPS {
        let mut members: Vec<(&PathRun, Line)> = Vec::new();
        let mut lines = Lines::default();
        for path in run
            .paths
            .iter()
            .filter(|path| group.has(path) && wanted(path))
        {
            if reference.is_none_or(|reference| !std::ptr::eq(reference, path)) {
                members.push((path, lines.next(path)));
            }
        }
        if let Some(reference) = reference
            && (group.has(reference) || !members.is_empty())
        {
            members.insert(0, (reference, Line::new(0, 0)));
        }
        if !members.is_empty() {
            groups.push((group, members));
        }
    }
    groups
}

/// Gives out lines.
#[derive(Default)]
struct Lines<'a> {
    names: Vec<(&'a str, usize)>,
}

impl<'a> Lines<'a> {
    fn next(&mut self, path: &'a PathRun) -> Line {
        let known = self.names.iter().position(|(name, _)| *name == path.name);
        let place = known.unwrap_or_else(|| {
            self.names.push((&path.name, 0));
            self.names.len() - 1
        });
        let dash = self.names[place].1;
        self.names[place].1 += 1;
        // Three kinds of dashes; a fourth listener begins with another colour.
        Line::new(1 + place + dash / 3 * 3, dash % 3)
    }
}

fn time_axis(run: &Run, values: impl IntoIterator<Item = f64>) -> Axis {
    Axis::logarithmic(values, |ns| unit::time_tick(run.mode, ns))
}

fn of_time(run: &Run) -> &'static str {
    unit::of_time(run.mode)
}

#[cfg(test)]
mod tests {
    use irqcast_bench::schema::Mode;

    use super::super::sample;
    use super::*;

    #[test]
    fn distributions_rise_from_nothing_to_everything_in_few_steps() {
        for chart in latency(&sample::of_mode(Mode::Wall)) {
            for series in &chart.series {
                let shares: Vec<f64> = series.points.iter().map(|(_, share)| *share).collect();
                assert!(shares.is_sorted(), "{}", series.label);
                assert_eq!(shares.first(), Some(&0.0), "{}", series.label);
                assert!(
                    shares.last().is_some_and(|last| *last > 0.99),
                    "{}",
                    series.label
                );
                assert!(
                    shares.len() < 1200,
                    "{} has {} points",
                    series.label,
                    shares.len()
                );
            }
        }
    }

    #[test]
    fn every_measured_path_is_in_a_chart_with_a_line_of_its_own() {
        let run = sample::of_mode(Mode::Wall);
        let charts = latency(&run);
        for path in run.paths.iter().filter(|path| path.latency_ns.is_some()) {
            let label = label::label(&run, path);
            let shown = charts
                .iter()
                .any(|c| c.series.iter().any(|s| s.label == label));
            assert!(shown, "{label}");
        }
        for chart in charts.iter().chain(&fan_out(&run)) {
            for (index, a) in chart.series.iter().enumerate() {
                for b in &chart.series[..index] {
                    assert_ne!(
                        a.line, b.line,
                        "{} and {} in {}",
                        a.label, b.label, chart.title
                    );
                }
            }
        }
    }
}
