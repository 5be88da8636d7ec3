//! Hooks a second, sustained: some events always wait.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use irqcast_bench::peers::Plan;

use super::{
    maker::Wanted,
    session::{HOOK_LIMIT, Session},
};

/// Events that wait or whose hook runs. Each of the candidates' queues holds more.
const WAITING: u32 = 32;

/// The rate at which hooks start, after the first [`WAITING`].
pub fn sustained(session: &mut Session<'_>, plan: &Plan) -> Result<f64> {
    for _ in 0..WAITING {
        session.make(Wanted::Run)?;
    }
    let mut times = Vec::new();
    let enough = (plan.hooks + WAITING) as usize;
    let (began, long) = (Instant::now(), Duration::from_millis(plan.rate_ms.into()));
    while times.len() < enough || began.elapsed() < long {
        let record = session.hooks.next(HOOK_LIMIT)?;
        let record = record.with_context(|| format!("after {} hooks no more came", times.len()))?;
        times.push(record.time_ns);
        session.make(Wanted::Run)?;
    }
    // Those that still wait.
    for _ in 0..WAITING {
        session.hooks.next(HOOK_LIMIT)?;
    }
    // Hooks that run side by side may tell in another order than they were started in.
    times.sort_unstable();
    let counted = times.get(WAITING as usize..).unwrap_or_default();
    let (first, last) = counted.first().zip(counted.last()).context("no hooks")?;
    let seconds = (last - first) as f64 / 1e9;
    Ok((counted.len() - 1) as f64 / seconds)
}
