//! Many listeners at once: each gets every event, or is told exactly what it missed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use irqcast::Subscription;

use crate::case::Case;
use crate::driver::Driver;
use crate::listener::Tally;
use crate::storm::{self, Storm};
use crate::{amount, host, tool};

/// Listeners. Each has a socket for events and one for its requests.
const LISTENERS: usize = 256;

/// Bytes of each one's queue: some hundred events.
const QUEUE: usize = 1 << 18;

/// Interrupts after which all are waited for: more than a queue holds, and than the ring does.
const ROUND: u64 = 5_000;

/// Interrupts of the short form.
const SHORT: u64 = 250;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("crowd::each_is_told_of_every_event", each)
            .on(storm::machine())
            .within(900)
            .soak(100_000, 14_400),
    ]
}

fn each() -> Result<()> {
    let count = amount::count(SHORT);
    let _driver = Driver::load_with("")?;
    let mut listeners = (0..LISTENERS)
        .map(|_| Ok((Subscription::open(QUEUE)?, Tally::before(1))))
        .collect::<Result<Vec<_>>>()?;
    let (told, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = std::time::Instant::now();
    thread::scope(|scope| -> Result<()> {
        let reading = scope.spawn(|| -> Result<()> {
            while !is_over.load(Ordering::Acquire) {
                let mut least = u64::MAX;
                for (subscription, tally) in &mut listeners {
                    while let Some(item) = subscription.try_next()? {
                        tally.take(item)?;
                    }
                    least = least.min(tally.last);
                }
                told.store(least, Ordering::Release);
            }
            Ok(())
        });
        let mut storm = Storm::new()?;
        let raised = (|| -> Result<()> {
            let mut last = 0;
            while last < count {
                last += ROUND.min(count - last);
                storm.until(last, |now| host::progress(now, count))?;
                while told.load(Ordering::Acquire) < last && !reading.is_finished() {
                    sleep(Duration::from_millis(5));
                }
            }
            Ok(())
        })();
        is_over.store(true, Ordering::Release);
        let read = reading.join().ok().context("the reading thread panicked")?;
        read.and(raised)
    })?;

    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "interrupts")? == count, "{device}");
    let mut sum = Tally::default();
    for (_, tally) in &listeners {
        ensure!(tally.delivered() + tally.lost == count, "{tally:?}");
        sum.received += tally.received;
        sum.replayed += tally.replayed;
        sum.lost += tally.lost;
        sum.overruns += tally.overruns;
    }
    let seconds = start.elapsed().as_secs_f64();
    amount::stated("listeners", LISTENERS);
    amount::stated("interrupts", count);
    amount::stated("seconds until all was told", format!("{seconds:.1}"));
    amount::stated("received, by all together", sum.received);
    amount::stated("replayed", sum.replayed);
    amount::stated("told as lost", sum.lost);
    amount::stated("overruns of queues", sum.overruns);
    Ok(())
}
