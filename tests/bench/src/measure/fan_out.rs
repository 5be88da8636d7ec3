//! What more listeners cost.

use anyhow::Result;
use irqcast_bench::{
    distribution::median,
    schema::{FanOut, Listener, PathRun},
};

use super::{Bench, latency};
use crate::{
    clock,
    listening::Listening,
    paths::{Options, Path},
    schedule::{self, Urgency},
};

/// How many listeners.
const COUNTS: [u32; 5] = [1, 2, 8, 64, 256];

/// Events of each.
const EVENTS: u64 = 40;

/// Measures with each number of listeners that the path can have.
pub fn measure(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    run: &mut PathRun,
) -> Result<()> {
    for listeners in COUNTS {
        if listeners <= path.most_listeners {
            run.fanout.push(with(bench, path, listener, listeners)?);
        }
    }
    Ok(())
}

fn with(bench: &Bench<'_>, path: &Path, listener: Listener, listeners: u32) -> Result<FanOut> {
    let options = Options {
        measure: true,
        ..Options::default()
    };
    let mut source = (path.open)(&bench.edu, &options)?;
    let registers = latency::ready(bench)?;
    let setting = bench.setting(listener);
    let all: Vec<Listening> = (0..listeners)
        .map(|_| Listening::start(source.receiver(listener)?, setting))
        .collect::<Result<_>>()?;
    let (mut latencies, mut handlers) = (Vec::new(), Vec::new());
    schedule::set_urgency(Urgency::Idle)?;
    for event in 1..=EVENTS {
        all.iter().for_each(Listening::wait_until_asleep);
        let before = clock::now();
        registers.raise();
        for listening in &all {
            listening.wait_for(event)?;
        }
        let last = all.iter().map(Listening::last_ns).max().unwrap_or_default();
        latencies.push(last.saturating_sub(before));
        handlers.extend(source.handler_ns());
    }
    schedule::set_urgency(Urgency::Normal)?;
    let delivered = all.iter().map(Listening::events).sum();
    let told = all.iter().map(Listening::told).sum();
    for listening in all {
        listening.finish()?;
    }
    Ok(FanOut {
        listeners,
        handler_ns_p50: median(&handlers),
        latency_ns_p50: median(&latencies),
        delivered,
        lost: (EVENTS * u64::from(listeners)).saturating_sub(delivered),
        told,
    })
}
