//! From the raise to the listener, one event at a time.

use anyhow::Result;
use irqcast_bench::schema::{Distribution, Listener, PathRun};

use super::{Bench, RAISER};
use crate::{
    clock,
    device::Registers,
    interrupts::Line,
    listening::{Account, Listening},
    paths::{Options, Path, Source},
    schedule::{self, Urgency},
};

/// Measures the latency of a path, and what an event costs its listener.
pub fn measure(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    run: &mut PathRun,
) -> Result<()> {
    let mut source = (path.open)(&bench.device, &Options::default())?;
    let total = u64::from(bench.plan.warm_up) + u64::from(bench.plan.samples);
    let (raised, account) = one_by_one(bench, source.as_mut(), listener, total)?;
    let events = f64::from(bench.plan.samples);
    let from = usize::try_from(bench.plan.warm_up)?;
    let samples = || raised.iter().zip(&account.seen).skip(from);
    let of = |values: Vec<u64>| Distribution::of(&values);
    run.latency_ns = of(samples()
        .map(|(raised, seen)| seen.returned_ns.saturating_sub(*raised))
        .collect());
    run.device_to_handler_ns = of(samples()
        .filter_map(|(raised, seen)| Some(seen.handled_ns?.saturating_sub(*raised)))
        .collect());
    run.handler_to_listener_ns = of(samples()
        .filter_map(|(_, seen)| Some(seen.returned_ns.saturating_sub(seen.handled_ns?)))
        .collect());
    let per_event = |count: u64| Some(count as f64 / events);
    run.syscalls_per_event = per_event(account.syscalls);
    run.context_switches_per_event = per_event(account.switches);
    run.cpu_ns_per_event = per_event(account.time_ns);
    Ok(())
}

/// Raises `total` times, each time when the listener sleeps; returns when, and what it saw.
pub fn one_by_one(
    bench: &Bench<'_>,
    source: &mut dyn Source,
    listener: Listener,
    total: u64,
) -> Result<(Vec<u64>, Account)> {
    let registers = ready(bench)?;
    let mut setting = bench.setting(listener);
    (setting.from, setting.to) = (bench.plan.warm_up.into(), total);
    if !setting.spins {
        setting.urgency = Urgency::Prompt;
    }
    let listening = Listening::start(source.receiver(listener)?, setting)?;
    let mut raised = Vec::with_capacity(usize::try_from(total)?);
    schedule::set_urgency(Urgency::Idle)?;
    for event in 1..=total {
        listening.wait_until_asleep();
        let before = clock::now();
        registers.raise();
        listening.wait_for(event)?;
        raised.push(before);
    }
    schedule::set_urgency(Urgency::Normal)?;
    Ok((raised, listening.finish()?))
}

/// Moves the interrupt to the raiser's processor and maps the registers.
pub fn ready(bench: &Bench<'_>) -> Result<Registers> {
    Line::of(bench.device.address())?.pin(RAISER)?;
    bench.device.registers()
}
