//! What more of something costs: listeners, bytes.

use irqcast_bench::schema::{FanOut, Run};

use super::{by_group, of_time, time_axis};
use crate::presentation::{
    chart::{Axis, Chart, Series, palette::Line},
    label, unit,
};

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
