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
    netlink::{self, Family},
    paths::{Options, Path},
    schedule::{self, Urgency},
};

/// How many listeners.
const COUNTS: [u32; 5] = [1, 2, 8, 64, 256];

/// Events for so many listeners. Medians of the many take few.
fn events_for(listeners: u32) -> u64 {
    match listeners {
        ..=8 => 40,
        9..=64 => 20,
        _ => 10,
    }
}

/// Measures with each number of listeners that the path can have.
pub fn measure(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    run: &mut PathRun,
) -> Result<()> {
    for listeners in COUNTS {
        if listeners <= path.most_listeners {
            let mut with = with(bench, path, listener, listeners)?;
            with.handler_awake_ns_p50 = awake(bench, path, listener, listeners)?;
            run.fanout.push(with);
        }
    }
    Ok(())
}

/// The handler's time for listeners that are there and do not wait.
fn awake(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    listeners: u32,
) -> Result<Option<u64>> {
    let options = Options {
        measure: true,
        ..Options::default()
    };
    // One thread gets one signal, however many files ask for it.
    if ["sigio", "rt-signal"].contains(&path.name) {
        return Ok(None);
    }
    let mut source = (path.open)(&bench.device, &options)?;
    let registers = latency::ready(bench)?;
    let mut all: Vec<_> = (0..listeners)
        .map(|_| source.receiver(listener))
        .collect::<Result<_>>()?;
    let mut handlers = Vec::new();
    let events = events_for(listeners);
    for _ in 0..events {
        registers.raise();
        handlers.extend(source.handler_ns());
        // The event is there already, so this waits for nothing, and the queues stay short.
        for receiver in &mut all {
            receiver.receive()?;
        }
    }
    drop(all);
    Ok(median(&handlers))
}

/// Measures the handler's time with listeners of somebody else: sockets of the same protocol
/// that have joined a group of another family.
pub fn bystanders(bench: &Bench<'_>, path: &Path, _: Listener, run: &mut PathRun) -> Result<()> {
    let others = Family::find("nlctrl")?.group("notify")?;
    for listeners in COUNTS {
        let options = Options {
            measure: true,
            ..Options::default()
        };
        let mut source = (path.open)(&bench.device, &options)?;
        let registers = latency::ready(bench)?;
        let mut one = source.receiver(Listener::Blocking)?;
        let sockets: Vec<_> = (0..listeners)
            .map(|_| netlink::joined(others))
            .collect::<Result<_>>()?;
        let mut handlers = Vec::new();
        let events = events_for(listeners);
        for _ in 0..events {
            registers.raise();
            handlers.extend(source.handler_ns());
            one.receive()?;
        }
        drop((one, sockets));
        run.bystanders.push(FanOut {
            listeners,
            handler_ns_p50: None,
            handler_awake_ns_p50: median(&handlers),
            latency_ns_p50: None,
            delivered: events,
            lost: 0,
            told: 0,
        });
    }
    Ok(())
}

fn with(bench: &Bench<'_>, path: &Path, listener: Listener, listeners: u32) -> Result<FanOut> {
    let options = Options {
        measure: true,
        ..Options::default()
    };
    let mut source = (path.open)(&bench.device, &options)?;
    let registers = latency::ready(bench)?;
    let setting = bench.setting(listener);
    let all: Vec<Listening> = (0..listeners)
        .map(|_| Listening::start(source.receiver(listener)?, setting))
        .collect::<Result<_>>()?;
    let events = events_for(listeners);
    let (mut latencies, mut handlers) = (Vec::new(), Vec::new());
    schedule::set_urgency(Urgency::Idle)?;
    for event in 1..=events {
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
        handler_awake_ns_p50: None,
        latency_ns_p50: median(&latencies),
        delivered,
        lost: (events * u64::from(listeners)).saturating_sub(delivered),
        told,
    })
}
