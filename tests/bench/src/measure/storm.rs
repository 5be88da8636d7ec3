//! Interrupts without a pause: how many a second the machine takes, by what the handler does.

use std::time::Duration;

use anyhow::{Context as _, Result};
use irqcast_bench::{
    plan::Line as Told,
    schema::{Listener, Storm},
};

use super::{Bench, latency};
use crate::{
    clock,
    interrupts::Line,
    listening::Listening,
    paths::{ALL, Context, Options},
};

/// How long each storm lasts.
const LENGTH: Duration = Duration::from_secs(2);

/// Raises between two looks at the clock.
const BATCH: u64 = 256;

/// What the handler does: nothing, or a multicast to one listener from this context.
const STORMS: [Option<Context>; 4] = [
    None,
    Some(Context::Hard),
    Some(Context::Bh),
    Some(Context::Thread),
];

/// Measures all of them, one after the other.
pub fn measure(bench: &Bench<'_>, tell: &mut dyn FnMut(Told) -> Result<()>) -> Result<()> {
    for context in STORMS {
        tell(Told::Storm(one(bench, context)?))?;
    }
    Ok(())
}

fn one(bench: &Bench<'_>, context: Option<Context>) -> Result<Storm> {
    let path = match context {
        Some(_) => "netlink-multicast",
        None => "off",
    };
    let options = Options {
        context,
        ..Options::default()
    };
    let path = ALL
        .iter()
        .find(|known| known.name == path)
        .with_context(|| format!("there is no path {path}"))?;
    let mut source = (path.open)(&bench.device, &options)?;
    let registers = latency::ready(bench)?;
    let line = Line::of(bench.device.address())?;
    let setting = bench.setting(Listener::Blocking);
    let listening = match context {
        Some(_) => Some(Listening::start(
            source.receiver(Listener::Blocking)?,
            setting,
        )?),
        None => None,
    };
    let before = line.count()?;
    let start = clock::now();
    let length = u64::try_from(LENGTH.as_nanos())?;
    let mut raised = 0;
    while clock::now() - start < length {
        for _ in 0..BATCH {
            registers.raise();
        }
        raised += BATCH;
    }
    let seconds = (clock::now() - start) as f64 / 1e9;
    let interrupts = line.count()? - before;
    let delivered = listening.as_ref().map_or(0, Listening::events);
    if let Some(listening) = listening {
        listening.finish()?;
    }
    Ok(Storm {
        name: context.map_or("off", Context::name).to_owned(),
        raised,
        interrupts,
        delivered,
        interrupts_hz: interrupts as f64 / seconds,
        delivered_hz: delivered as f64 / seconds,
    })
}
