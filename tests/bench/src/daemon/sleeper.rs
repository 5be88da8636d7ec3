//! A hook that sleeps for some seconds: what becomes of the hooks of the events after it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use irqcast_bench::{
    distribution::median,
    peers::{Plan, Sleeper},
};

use super::{
    latency,
    maker::Wanted,
    session::{HOOK_LIMIT, Session},
};

/// Measures it. The events after the sleeper are of the same device, and another rule's.
pub fn measure(session: &mut Session<'_>, plan: &Plan, samples: u32) -> Result<Sleeper> {
    // A little less than what the hook sleeps.
    let asleep_for = Duration::from_secs(plan.asleep_s.into()) * 9 / 10;
    let before = latency::one_by_one(session, samples.max(1))?;
    session.make(Wanted::Sleep)?;
    session.hook(session.made, HOOK_LIMIT)?;
    let began = Instant::now();
    let next_ns = latency::one(session)?;
    let mut asleep = Vec::new();
    if began.elapsed() < asleep_for {
        asleep.push(next_ns);
    }
    while began.elapsed() < asleep_for && asleep.len() < samples as usize {
        asleep.push(latency::one(session)?);
    }
    Ok(Sleeper {
        before_ns_p50: median(&before).context("nothing was measured")?,
        next_ns,
        asleep_ns_p50: median(&asleep),
        samples: u32::try_from(asleep.len())?,
    })
}
