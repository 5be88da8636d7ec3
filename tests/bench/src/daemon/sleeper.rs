//! A hook that sleeps for ten seconds: what becomes of the hooks of the events after it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use irqcast_bench::{distribution::median, peers::Sleeper};

use super::{
    latency,
    maker::Wanted,
    session::{HOOK_LIMIT, Session},
};

/// A little less than what the hook sleeps.
const ASLEEP: Duration = Duration::from_secs(9);

/// Measures it. The events after the sleeper are of the same device, and another rule's.
pub fn measure(session: &mut Session<'_>, samples: u32) -> Result<Sleeper> {
    let before = latency::one_by_one(session, samples.max(1))?;
    session.make(Wanted::Sleep)?;
    session.hook(session.made, HOOK_LIMIT)?;
    let began = Instant::now();
    let next_ns = latency::one(session)?;
    let mut asleep = Vec::new();
    if began.elapsed() < ASLEEP {
        asleep.push(next_ns);
    }
    while began.elapsed() < ASLEEP && asleep.len() < samples as usize {
        asleep.push(latency::one(session)?);
    }
    Ok(Sleeper {
        before_ns_p50: median(&before).context("nothing was measured")?,
        next_ns,
        asleep_ns_p50: median(&asleep),
        samples: u32::try_from(asleep.len())?,
    })
}
