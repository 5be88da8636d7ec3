//! Many events at once.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::Result;
use irqcast_bench::peers::{Burst, Plan};

use super::{maker::Wanted, process::Look, session::Session};
use crate::clock;

/// After so long without a hook no more will come.
const QUIET: Duration = Duration::from_secs(4);

/// Time between two looks at the daemon's processes, which take some themselves.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes the events as fast as it can, and follows the hooks until they end or so many times the
/// plan's limit is over.
pub fn measure(session: &mut Session<'_>, plan: &Plan, patience: u32) -> Result<Burst> {
    let limit = Duration::from_secs(plan.burst_limit_s.into()) * patience;
    let first = session.made + 1;
    let began = Instant::now();
    let began_ns = clock::now();
    for _ in 0..plan.burst {
        session.make(Wanted::Run)?;
    }
    let mut numbers = BTreeSet::new();
    let mut told = 0;
    let mut last_ns = began_ns;
    let mut last_hook = Instant::now();
    let mut looked: Option<Instant> = None;
    let mut most = Look::default();
    let finished = loop {
        if looked.is_none_or(|looked| looked.elapsed() > LOOK_EVERY) {
            let look = session.look()?;
            most.processes = most.processes.max(look.processes);
            most.peak_kib = most.peak_kib.max(look.peak_kib);
            looked = Some(Instant::now());
        }
        if began.elapsed() > limit {
            break false;
        }
        match session.hooks.next(LOOK_EVERY)? {
            Some(record) => {
                told += record.lost;
                if record.lost == 0 && record.number >= first {
                    numbers.insert(record.number);
                }
                last_ns = last_ns.max(record.time_ns);
                last_hook = Instant::now();
            }
            None if last_hook.elapsed() > QUIET => break true,
            None => {}
        }
        if numbers.len() as u64 + told >= plan.burst.into() {
            break true;
        }
    };
    Ok(Burst {
        events: plan.burst,
        hooks: u32::try_from(numbers.len())?,
        told: u32::try_from(told)?,
        seconds: (last_ns - began_ns) as f64 / 1e9,
        finished,
        peak_kib: most.peak_kib,
        processes: most.processes,
    })
}
