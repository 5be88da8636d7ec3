//! What does not arrive.

use irqcast_bench::schema::{PathRun, Run};

use super::by_group;
use crate::presentation::{
    chart::{Axis, Chart, Series},
    label, unit,
};

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

fn share(part: u64, rest: u64) -> f64 {
    part as f64 / (part + rest).max(1) as f64
}
