//! What more of something costs: listeners, bytes.

use irqcast_bench::schema::{FanOut, PathRun, Run};

use super::{by_group, of_time, time_axis};
use crate::presentation::{
    chart::{Axis, Chart, Series, palette::Line},
    label, unit,
};

/// What more listeners cost: the handler, and the last of the listeners.
pub fn fan_out(run: &Run) -> Vec<Chart> {
    let handler = fan_out_of(run, "Handler", "time in the handler", handlers);
    let last = fan_out_of(run, "Last listener", "latency", |path| {
        let points = path.fanout.iter();
        let own = points.filter_map(|point| Some((point.listeners, point.latency_ns_p50?)));
        vec![("", own.collect())]
    });
    handler.into_iter().chain(last).collect()
}

/// Time in the handler by the number of listeners: those that sleep, with an empty name, and
/// what was measured beside it.
pub fn handlers(path: &PathRun) -> Vec<(&'static str, Vec<(u32, u64)>)> {
    let of = |points: &[FanOut], figure: fn(&FanOut) -> Option<u64>| {
        let points = points.iter();
        points
            .filter_map(|point| Some((point.listeners, figure(point)?)))
            .collect()
    };
    vec![
        ("", of(&path.fanout, |point| point.handler_ns_p50)),
        (
            "awake",
            of(&path.fanout, |point| point.handler_awake_ns_p50),
        ),
        (
            "bystanders",
            of(&path.bystanders, |point| point.handler_awake_ns_p50),
        ),
    ]
}

/// Curves of a path, each with what tells it from the path's own.
type Curves = fn(&PathRun) -> Vec<(&'static str, Vec<(u32, u64)>)>;

fn fan_out_of(run: &Run, what: &str, y_title: &str, curves: Curves) -> Vec<Chart> {
    let all: Vec<(u32, u64)> = run
        .paths
        .iter()
        .flat_map(curves)
        .flat_map(|(_, points)| points)
        .collect();
    let x = Axis::logarithmic(all.iter().map(|(x, _)| f64::from(*x)), unit::grouped);
    let y = time_axis(run, all.iter().map(|(_, y)| *y as f64));
    // One number of listeners is no curve.
    let is_curve = |points: &[(u32, u64)]| points.len() > 1;
    by_group(run, |path| {
        curves(path).iter().any(|(_, points)| is_curve(points))
    })
    .into_iter()
    .map(|(group, members)| {
        let mut lines: Vec<Series> = Vec::new();
        for (path, line) in &members {
            for (name, points) in curves(path).iter().filter(|(_, points)| is_curve(points)) {
                // The reference is a guest in the other groups: its own curve is enough there.
                let own = name.is_empty();
                if own || group.has(path) {
                    let line = if own { *line } else { unused(&lines, &members) };
                    lines.push(curve(run, path, name, line, points));
                }
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

fn curve(run: &Run, path: &PathRun, name: &str, line: Line, points: &[(u32, u64)]) -> Series {
    let mut label = label::label(run, path);
    if !name.is_empty() {
        label = format!("{label}, {name}");
    }
    let note = points.last().map(|(listeners, value)| {
        format!("{} for {listeners}", unit::time(run.mode, *value as f64))
    });
    Series {
        label,
        note: note.unwrap_or_default(),
        line,
        points: points
            .iter()
            .map(|(x, y)| (f64::from(*x), *y as f64))
            .collect(),
        marked: true,
    }
}

/// A line that neither is drawn yet nor belongs to a path of the group.
fn unused(drawn: &[Series], members: &[(&PathRun, Line)]) -> Line {
    let is_free = |line: &Line| {
        drawn.iter().all(|series| series.line != *line)
            && members.iter().all(|(_, other)| other != line)
    };
    (1..18)
        .map(|number| Line::new(number, 0))
        .find(is_free)
        .unwrap_or(Line::new(0, 1))
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
