//! How latencies are spread.

use irqcast_bench::schema::{Distribution, Run};

use super::{by_group, of_time, time_axis};
use crate::presentation::{
    chart::{Axis, Chart, Series},
    label, unit,
};

/// Points of a line at most that a reader could tell apart.
const RESOLUTION: f64 = 250.0;

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
