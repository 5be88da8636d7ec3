//! Time in the handler, and of the interrupt as a whole.
//!
//! The drivers that can are asked to take their handler's time themselves. The interrupt as a
//! whole is what the store that raises takes, seen from a raiser that is more urgent than
//! anything that the interrupt wakes: entry, handler and exit. It needs no help of a driver, so
//! it compares all paths and peers, but one processor: with two, another might handle it.

use anyhow::Result;
use irqcast_bench::schema::{Distribution, Listener, PathRun};

use super::{Bench, latency};
use crate::{
    clock,
    listening::Listening,
    paths::{Options, Path},
    schedule::{self, Urgency},
};

/// Measures both.
pub fn measure(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    run: &mut PathRun,
) -> Result<()> {
    run.interrupt_ns = Distribution::of(&raise(bench, path, listener, false)?.interrupts);
    run.handler_ns = Distribution::of(&raise(bench, path, listener, true)?.handlers);
    Ok(())
}

#[derive(Default)]
struct Times {
    interrupts: Vec<u64>,
    handlers: Vec<u64>,
}

fn raise(bench: &Bench<'_>, path: &Path, listener: Listener, measure: bool) -> Result<Times> {
    let options = Options {
        measure,
        ..Options::default()
    };
    let mut source = (path.open)(&bench.device, &options)?;
    let registers = latency::ready(bench)?;
    let listening = match listener {
        Listener::None => None,
        _ => {
            let setting = bench.setting(listener);
            Some(Listening::start(source.receiver(listener)?, setting)?)
        }
    };
    let total = u64::from(bench.plan.warm_up) + u64::from(bench.plan.samples);
    let mut times = Times::default();
    schedule::set_urgency(Urgency::First)?;
    for event in 1..=total {
        if let Some(listening) = &listening {
            listening.wait_until_asleep();
        }
        let before = clock::now();
        registers.raise();
        let after = clock::now();
        if let Some(listening) = &listening {
            listening.wait_for(event)?;
        }
        if event > bench.plan.warm_up.into() {
            times.interrupts.push(after - before);
            if measure {
                times.handlers.extend(source.handler_ns());
            }
        }
    }
    schedule::set_urgency(Urgency::Normal)?;
    if let Some(listening) = listening {
        listening.finish()?;
    }
    Ok(times)
}
