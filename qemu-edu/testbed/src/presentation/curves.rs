//! The charts of a run: which figures each is of.

use irqcast_bench::schema::{Distribution, FanOut, PathRun, Run};

use super::{
    chart::{Axis, Chart, Dots, Row, Series, palette::Line},
    label::{self, GROUPS, Group},
    unit,
};

/// Points of a line at most that a reader could tell apart.
const RESOLUTION: f64 = 250.0;

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

/// How the latencies of each path are spread, a chart for each group.
pub fn latency(run: &Run) -> Vec<Chart> {
    let ends = run.paths.iter().filter_map(|path| path.latency_ns.as_ref());
    let x = time_axis(run, ends.flat_map(|d| [d.min as f64, d.p999 as f64]));
    by_group(run, |path| path.latency_ns.is_some())
        .into_iter()
        .map(|(group, members)| Chart {
            title: format!("Latency: {}", group.title),
            description: "Share of the events whose listener returned within a time, for each \
                          path of this group and for netlink-multicast."
                .to_owned(),
            x_title: format!("from raise to return{}", of_time(run)),
            y_title: "share of events".to_owned(),
            series: members
                .into_iter()
                .filter_map(|(path, line)| {
                    let latency = path.latency_ns.as_ref()?;
                    Some(Series {
                        label: label::label(run, path),
                        note: unit::time(run.mode, latency.p50 as f64),
                        line,
                        points: cumulative(latency, &x),
                        marked: false,
                    })
                })
                .collect(),
            x: x.clone(),
            y: Axis::share(),
        })
        .collect()
}

/// What is lost at rates that grow.
pub fn loss(run: &Run) -> Vec<Chart> {
    let points = |path: &PathRun| -> Vec<(f64, f64)> {
        let points = path.rate.iter().flat_map(|rate| &rate.points);
        points
            .filter(|point| point.delivered + point.lost > 0)
            .map(|point| (point.offered_hz, share(point.lost, point.delivered)))
            .collect()
    };
    let all = run
        .paths
        .iter()
        .flat_map(|path| points(path).into_iter().map(|(x, _)| x));
    let x = Axis::logarithmic(all, unit::rate_tick);
    by_group(run, |path| !points(path).is_empty())
        .into_iter()
        .map(|(group, members)| Chart {
            title: format!("Loss: {}", group.title),
            description: "Share of the events that did not reach the listener, at rates of \
                          interrupts that grow."
                .to_owned(),
            x_title: "interrupts offered a second".to_owned(),
            y_title: "events lost".to_owned(),
            series: members
                .into_iter()
                .map(|(path, line)| Series {
                    label: label::label(run, path),
                    note: path.rate.as_ref().map_or_else(String::new, |rate| {
                        format!("sustains {}", unit::rate(rate.sustained_hz))
                    }),
                    line,
                    points: points(path),
                    marked: true,
                })
                .collect(),
            x: x.clone(),
            y: Axis::share(),
        })
        .collect()
}

/// What is lost of a burst.
pub fn bursts(run: &Run) -> Vec<Chart> {
    let sizes = run.paths.iter().flat_map(|path| &path.bursts);
    let x = Axis::logarithmic(sizes.map(|burst| burst.size as f64), unit::grouped);
    by_group(run, |path| !path.bursts.is_empty())
        .into_iter()
        .map(|(group, members)| Chart {
            title: format!("Bursts: {}", group.title),
            description: "Share of the events that did not reach the listener, when that many \
                          interrupts came as fast as they can."
                .to_owned(),
            x_title: "interrupts in the burst".to_owned(),
            y_title: "events lost".to_owned(),
            series: members
                .into_iter()
                .map(|(path, line)| Series {
                    label: label::label(run, path),
                    note: String::new(),
                    line,
                    points: path
                        .bursts
                        .iter()
                        .map(|burst| (burst.size as f64, share(burst.lost, burst.delivered)))
                        .collect(),
                    marked: true,
                })
                .collect(),
            x: x.clone(),
            y: Axis::share(),
        })
        .collect()
}

/// What more listeners cost: the handler, and the last of the listeners.
pub fn fan_out(run: &Run) -> Vec<Chart> {
    let handler = fan_out_of(run, "Handler", "time in the handler", |point| {
        point.handler_ns_p50
    });
    let last = fan_out_of(run, "Last listener", "latency", |point| {
        point.latency_ns_p50
    });
    handler.into_iter().chain(last).collect()
}

fn fan_out_of(
    run: &Run,
    what: &str,
    y_title: &str,
    figure: fn(&FanOut) -> Option<u64>,
) -> Vec<Chart> {
    let points = |points: &[FanOut]| -> Vec<(f64, f64)> {
        let points = points.iter();
        points
            .filter_map(|point| Some((f64::from(point.listeners), figure(point)? as f64)))
            .collect()
    };
    let series = |label: String, line: Line, points: Vec<(f64, f64)>| {
        let note = points
            .last()
            .map_or_else(String::new, |(listeners, value)| {
                format!("{} for {listeners}", unit::time(run.mode, *value))
            });
        Series {
            label,
            note,
            line,
            points,
            marked: true,
        }
    };
    let both = run
        .paths
        .iter()
        .flat_map(|path| [&path.fanout, &path.bystanders]);
    let all: Vec<(f64, f64)> = both.flat_map(|measured| points(measured)).collect();
    let x = Axis::logarithmic(all.iter().map(|(x, _)| *x), unit::grouped);
    let y = time_axis(run, all.iter().map(|(_, y)| *y));
    // One number of listeners is no curve.
    by_group(run, |path| points(&path.fanout).len() > 1)
        .into_iter()
        .map(|(group, members)| {
            let mut lines: Vec<Series> = members
                .iter()
                .map(|(path, line)| series(label::label(run, path), *line, points(&path.fanout)))
                .collect();
            for (number, (path, _)) in members.iter().enumerate() {
                let bystanders = points(&path.bystanders);
                if bystanders.len() > 1 && group.has(path) {
                    let label = format!("{}, bystanders", label::label(run, path));
                    lines.push(series(label, Line::new(5, number), bystanders));
                }
            }
            Chart {
                title: format!("{what}: {}", group.title),
                description: format!("Median {y_title}, for numbers of listeners that grow."),
                x_title: "listeners".to_owned(),
                y_title: format!("median {y_title}{}", of_time(run)),
                x: x.clone(),
                y: y.clone(),
                series: lines,
            }
        })
        .collect()
}

/// What larger events cost.
pub fn payload(run: &Run) -> Vec<Chart> {
    let all = || run.paths.iter().flat_map(|path| &path.payload);
    let x = Axis::linear(all().map(|point| f64::from(point.bytes)), unit::grouped);
    let y = Axis::linear(all().map(|point| point.latency_ns_p50 as f64), |ns| {
        unit::time_tick(run.mode, ns)
    });
    let series: Vec<Series> = label::by_latency(run)
        .into_iter()
        .filter(|path| !path.payload.is_empty())
        .enumerate()
        .map(|(number, path)| Series {
            label: label::label(run, path),
            note: String::new(),
            line: Line::new(number, 0),
            points: path
                .payload
                .iter()
                .map(|point| (f64::from(point.bytes), point.latency_ns_p50 as f64))
                .collect(),
            marked: true,
        })
        .collect();
    if series.is_empty() {
        return Vec::new();
    }
    vec![Chart {
        title: "Latency, with larger events".to_owned(),
        description: "Median latency, when events carry more bytes.".to_owned(),
        x_title: "more bytes in each event".to_owned(),
        y_title: format!("median latency{}", of_time(run)),
        x,
        y,
        series,
    }]
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

fn share(part: u64, rest: u64) -> f64 {
    part as f64 / (part + rest).max(1) as f64
}

/// The line of a cumulative distribution: steps, as many as can be told apart on this axis.
fn cumulative(distribution: &Distribution, x: &Axis) -> Vec<(f64, f64)> {
    let total: u64 = distribution.histogram.iter().map(|(_, count)| count).sum();
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut below = 0;
    let mut drawn = 0.0;
    for (value, count) in &distribution.histogram {
        let value = (*value).max(1) as f64;
        let place = x.share_of(value);
        if place > 1.0 {
            break;
        }
        let before = below as f64 / total.max(1) as f64;
        below += count;
        let share = below as f64 / total.max(1) as f64;
        let far = points
            .last()
            .is_none_or(|(last, _)| place - x.share_of(*last) > 1.0 / RESOLUTION);
        if far || share - drawn > 1.0 / RESOLUTION || below == total {
            points.push((value, before));
            points.push((value, share));
            drawn = share;
        }
    }
    // The line goes on to the right edge, as high as it is.
    if let Some(&(_, share)) = points.last() {
        points.push((x.at(1.0), share));
    }
    points
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
