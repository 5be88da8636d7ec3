//! From an event to its hook's first instruction, one event at a time.

use std::{thread::sleep, time::Duration};

use anyhow::Result;

use super::{
    maker::Wanted,
    session::{HOOK_LIMIT, Session},
};

/// Time between a hook's end and the next event, in which the daemon does what it leaves for later.
const PAUSE: Duration = Duration::from_millis(10);

/// Makes so many events, each when the hook of the last one is gone. Returns their latencies.
pub fn one_by_one(session: &mut Session<'_>, count: u32) -> Result<Vec<u64>> {
    (0..count).map(|_| one(session)).collect()
}

/// The latency of one event.
pub fn one(session: &mut Session<'_>) -> Result<u64> {
    let before = session.make(Wanted::Run)?;
    let record = session.hook(session.made, HOOK_LIMIT)?;
    record.wait_until_gone();
    sleep(PAUSE);
    Ok(record.time_ns.saturating_sub(before))
}
