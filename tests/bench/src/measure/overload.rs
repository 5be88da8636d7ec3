//! More interrupts than a listener can take.

use std::time::Duration;

use anyhow::Result;
use irqcast_bench::schema::{Burst, Listener, PathRun, Rate, RatePoint};

use super::{Bench, RAISER, latency};
use crate::{
    clock,
    device::Registers,
    interrupts::Line,
    listening::Listening,
    paths::{Options, Path},
    schedule::{self, Urgency},
};

/// Interrupts of each burst.
const BURSTS: [u64; 4] = [16, 256, 4096, 20_000];

/// How long each rate is offered.
const OFFER: Duration = Duration::from_millis(250);

/// The first rate that is offered; the next ones are twice as high.
const FIRST_HZ: f64 = 2000.0;

/// Rates that are offered at most.
const RATES: usize = 12;

/// A raiser that reaches less than this part of a rate is at its own end.
const REACHED: f64 = 0.9;

/// Rates that are tried between one without loss and the next one, which had some.
const REFINEMENTS: usize = 3;

/// What came of some raises.
struct Outcome {
    raised: u64,
    interrupts: u64,
    delivered: u64,
    told: u64,
    raising_ns: u64,
    duration_ns: u64,
}

impl Outcome {
    fn lost(&self) -> u64 {
        self.interrupts.saturating_sub(self.delivered)
    }
}

/// Interrupts as fast as the raiser can. On one processor the listener gets it when the burst
/// is over, so the figures show how much the path keeps for it.
pub fn bursts(bench: &Bench<'_>, path: &Path, listener: Listener, run: &mut PathRun) -> Result<()> {
    for size in BURSTS {
        let outcome = offer(bench, path, listener, |registers| {
            for _ in 0..size {
                registers.raise();
            }
            size
        })?;
        run.bursts.push(Burst {
            size,
            delivered: outcome.delivered,
            lost: outcome.raised.saturating_sub(outcome.delivered),
            told: outcome.told,
            duration_ns: outcome.duration_ns,
        });
    }
    Ok(())
}

/// Looks for the highest rate without loss, and what happens above it.
pub fn rates(bench: &Bench<'_>, path: &Path, listener: Listener, run: &mut PathRun) -> Result<()> {
    let mut points: Vec<RatePoint> = Vec::new();
    let mut sustained = 0.0_f64;
    let mut try_rate = |hz: f64| -> Result<(bool, bool)> {
        let outcome = at_rate(bench, path, listener, hz)?;
        let seconds = outcome.raising_ns as f64 / 1e9;
        let reached = outcome.raised as f64 / seconds >= REACHED * hz;
        let complete = outcome.delivered >= outcome.raised;
        if reached && complete {
            sustained = sustained.max(hz);
        }
        points.push(RatePoint {
            offered_hz: hz,
            raised: outcome.raised,
            interrupts: outcome.interrupts,
            delivered: outcome.delivered,
            lost: outcome.lost(),
            told: outcome.told,
            duration_ns: outcome.duration_ns,
        });
        Ok((reached, complete))
    };
    let mut hz = FIRST_HZ;
    let (mut good, mut bad) = (0.0, None);
    for _ in 0..RATES {
        let (reached, complete) = try_rate(hz)?;
        if reached && complete {
            good = hz;
        } else if bad.is_none() {
            bad = Some(hz);
        }
        if !reached {
            break;
        }
        // Two rates above the first with a loss show how it grows.
        if bad.is_some_and(|bad| hz >= 4.0 * bad) {
            break;
        }
        hz *= 2.0;
    }
    if let Some(mut bad) = bad {
        for _ in 0..REFINEMENTS {
            let middle = f64::midpoint(good, bad);
            match try_rate(middle)? {
                (true, true) => good = middle,
                _ => bad = middle,
            }
        }
    }
    points.sort_by(|a, b| a.offered_hz.total_cmp(&b.offered_hz));
    run.rate = Some(Rate {
        sustained_hz: sustained,
        points,
    });
    Ok(())
}

fn at_rate(bench: &Bench<'_>, path: &Path, listener: Listener, hz: f64) -> Result<Outcome> {
    offer(bench, path, listener, |registers| {
        let step = 1e9 / hz;
        let start = clock::now();
        let length = u64::try_from(OFFER.as_nanos()).unwrap_or(u64::MAX);
        let mut raised = 0_u64;
        loop {
            let elapsed = clock::now() - start;
            if elapsed >= length {
                return raised;
            }
            // A raiser that was held up does not make up for it with a burst.
            if elapsed as f64 >= raised as f64 * step {
                registers.raise();
                raised += 1;
            }
        }
    })
}

/// Lets the raiser do its work and waits until nothing comes any more.
fn offer(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    raise: impl FnOnce(&Registers) -> u64,
) -> Result<Outcome> {
    let mut source = (path.open)(&bench.device, &Options::default())?;
    let registers = latency::ready(bench)?;
    let line = Line::of(bench.device.address())?;
    let setting = bench.setting(listener);
    let listening = Listening::start(source.receiver(listener)?, setting)?;
    listening.wait_until_asleep();
    // The first event tells the listener where the numbers begin.
    registers.raise();
    listening.wait_for(1)?;
    listening.wait_until_asleep();
    let before = line.count()?;
    // With a processor of its own the raiser needs no more urgency than others have, and
    // must leave room for what the kernel does there. With one, it goes first.
    let urgency = match bench.listeners_processor() {
        RAISER => Urgency::First,
        _ => Urgency::Normal,
    };
    schedule::set_urgency(urgency)?;
    let start = clock::now();
    let raised = raise(&registers);
    let raising_ns = clock::now() - start;
    schedule::set_urgency(Urgency::Normal)?;
    listening.wait_for_silence();
    let interrupts = line.count()? - before;
    // A last event tells a listener whose queue was full what it missed.
    let (known, last_ns) = (listening.events(), listening.last_ns());
    registers.raise();
    let _ = listening.wait_for(known + 1);
    let outcome = Outcome {
        raised,
        interrupts,
        delivered: known - 1,
        told: listening.told(),
        raising_ns,
        duration_ns: last_ns.saturating_sub(start),
    };
    listening.finish()?;
    Ok(outcome)
}
