//! Storms: nothing is lost, or it is told exactly, also to a listener that is stopped meanwhile.

use anyhow::{Result, ensure};

use crate::case::Case;
use crate::driver::Driver;
use crate::listener::{Listener, Tally};
use crate::storm::{self, Storm};
use crate::{amount, host, tool};

/// Events that the largest ring holds.
const LARGEST: u64 = 1_048_576;

/// Bytes of the listener's queue: enough for a moment, not for the time in which it is stopped.
const QUEUE: usize = 1 << 20;

/// Interrupts of the short form.
const SHORT: u64 = 10_000;

pub fn cases() -> Vec<Case> {
    [
        Case::new("storm::a_large_ring_loses_nothing", large_ring),
        Case::new("storm::a_small_ring_tells_the_loss_exactly", small_ring),
    ]
    .map(|case| case.on(storm::machine()).within(600).soak(1_000_000, 7200))
    .into()
}

/// More than fits into the ring comes in rounds, after each of which the listener is waited for.
fn large_ring() -> Result<()> {
    let count = amount::count(SHORT);
    let _driver = Driver::load_with(&format!("history={LARGEST}"))?;
    let tally = storm(count, LARGEST)?;
    ensure!(tally.lost == 0, "{tally:?}");
    ensure!(tally.delivered() == count, "{tally:?}");
    ensure!(tally.replayed > 0, "the stopped listener missed nothing");
    Ok(())
}

fn small_ring() -> Result<()> {
    let count = amount::count(SHORT);
    let _driver = Driver::load_with("history=1024")?;
    let tally = storm(count, count)?;
    ensure!(tally.delivered() + tally.lost == count, "{tally:?}");
    ensure!(tally.lost > 0, "nothing left the ring: {tally:?}");
    // What the ring held when the listener came back was not told as lost.
    ensure!(tally.replayed > 0, "{tally:?}");
    Ok(())
}

/// `count` interrupts in rounds of at most `round`. The listener is stopped for half of each.
fn storm(count: u64, round: u64) -> Result<Tally> {
    let mut listener = Listener::start(QUEUE, 1)?;
    let mut storm = Storm::new()?;
    let start = std::time::Instant::now();
    let mut tally = Tally::before(1);
    while tally.last < count {
        let (begin, length) = (tally.last, round.min(count - tally.last));
        let mut is_stopped = false;
        storm.until(begin + length, |last| {
            let stop = (length / 4..length * 3 / 4).contains(&(last - begin));
            match (is_stopped, stop) {
                (false, true) => listener.stop()?,
                (true, false) => listener.go_on()?,
                _ => {}
            }
            is_stopped = stop;
            host::progress(last, count)
        })?;
        tally = listener.told_until(begin + length)?;
    }
    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "interrupts")? == count, "{device}");
    let seconds = start.elapsed().as_secs_f64();
    amount::stated("interrupts", count);
    amount::stated("seconds until all was told", format!("{seconds:.1}"));
    amount::stated("received", tally.received);
    amount::stated("replayed", tally.replayed);
    amount::stated("told as lost", tally.lost);
    amount::stated("ranges told as lost", tally.ranges);
    amount::stated("overruns of the listener's queue", tally.overruns);
    Ok(tally)
}
