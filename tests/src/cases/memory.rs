//! No memory: what cannot be sent is counted, missing in the sequence, and fetched from the ring.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use irqcast::Subscription;

use super::kernel::mount_debugfs;
use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::listener::Tally;
use crate::raw::Genl;
use crate::storm::{self, Storm};
use crate::{amount, host, tool, wait};

const FAILSLAB: &str = "/sys/kernel/debug/failslab";

/// The cache that the handler's buffers come from.
const HANDLER: &[&str] = &["skbuff_fclone_cache"];

/// The cache that a message's copies for further listeners come from. The first one is part of the
/// message.
const COPIES: &[&str] = &["skbuff_head_cache"];

/// The caches that all buffers of sockets come from: those of the handler, their copies for each
/// listener, and requests and their answers.
const BUFFERS: &[&str] = &[
    "skbuff_fclone_cache",
    "skbuff_head_cache",
    "skbuff_small_head",
];

/// Interrupts of the short form, when most allocations succeed and when many fail.
const SHORT: [u64; 2] = [1_000, 300];

/// Raises without a pause, some of which the device may merge.
const BURST: u64 = 64;

/// Interrupts before the listeners read: more than the driver has messages in store, so that it
/// needs memory.
const UNREAD: u64 = 32;

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("memory::failures_are_counted", failures_are_counted)
            .only_on(&["debug"])
            .within(300),
        Case::new("memory::failure_of_the_last_event_is_told", last_is_told)
            .only_on(&["debug"])
            .within(300),
        Case::new("memory::failed_copy_is_fetched", copies_fail)
            .only_on(&["debug"])
            .within(300),
    ];
    for percent in [1, 10, 50] {
        for which in [Which::Atomic, Which::All] {
            let name = format!("memory::{which}_failing_at_{percent}_percent_lose_nothing");
            let case = Case::new(name, move || lose_nothing(percent, which));
            let case = case.on(storm::machine()).only_on(&["debug"]);
            cases.push(case.within(600).soak(100_000, 7200));
        }
    }
    cases
}

/// Which allocations fail (`ignore-gfp-wait` in Documentation/fault-injection).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those that cannot wait, as in the handler.
    Atomic,
    /// Those that can wait, too: also requests fail.
    All,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Atomic => "atomic_allocations",
            Self::All => "all_allocations",
        })
    }
}

/// Lets allocations from some caches fail until it is dropped.
struct Failing(&'static [&'static str]);

impl Failing {
    fn start(caches: &'static [&'static str], percent: u32, which: Which) -> Result<Self> {
        mount_debugfs()?;
        let failing = Self(caches);
        let only_atomic = if which == Which::Atomic { "Y" } else { "N" };
        for (file, value) in [
            ("verbose", "0"),
            ("interval", "1"),
            ("times", "-1"),
            ("cache-filter", "Y"),
            ("ignore-gfp-wait", only_atomic),
            ("probability", &percent.to_string()),
        ] {
            let path = Path::new(FAILSLAB).join(file);
            fs::write(&path, value).with_context(|| format!("failed to write {path:?}"))?;
        }
        for cache in caches {
            fs::write(filter(cache), "1").with_context(|| format!("failed to choose {cache}"))?;
        }
        Ok(failing)
    }
}

/// The file that says whether allocations from a cache may fail.
fn filter(cache: &str) -> PathBuf {
    Path::new("/sys/kernel/slab").join(cache).join("failslab")
}

impl Drop for Failing {
    fn drop(&mut self) {
        // Where this fails, the tests after this one do.
        let _ = fs::write(Path::new(FAILSLAB).join("probability"), "0");
        for cache in self.0 {
            let _ = fs::write(filter(cache), "0");
        }
    }
}

/// Raises `count` times, one after the other, while the handler gets no memory. Returns how often
/// it needed some: a listener that does not read uses up what the driver has prepared.
fn raise_without_memory(genl: &mut Genl, count: u64) -> Result<u64> {
    let failing = Failing::start(HANDLER, 100, Which::Atomic)?;
    for raised in 1..=count {
        genl.raise(0, storm::BIT)?;
        tool::until_counter(0, "interrupts", raised)?;
    }
    drop(failing);
    let device = tool::device(0)?;
    let failures = tool::counter(&device, "alloc_failures")?;
    ensure!(failures > 0, "nothing failed: {device}");
    Ok(failures)
}

fn failures_are_counted() -> Result<()> {
    const COUNT: u64 = 60;
    let _driver = Driver::load(Mode::Msi)?;
    let mut listener = Genl::open()?;
    listener.join()?;
    let mut genl = Genl::open()?;
    let failures = raise_without_memory(&mut genl, COUNT)?;
    let device = tool::device(0)?;
    let sent = COUNT - failures;
    ensure!(tool::counter(&device, "events_sent")? == sent, "{device}");
    match listener.event(wait::LIMIT) {
        Err(error) if error.to_string().contains("os error 105") => {}
        other => bail!("the listener was not told: {other:?}"),
    }
    for seq in 1..=sent {
        let event = listener.event(wait::LIMIT)?.context("no event came")?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    ensure!(listener.event(Duration::ZERO)?.is_none());
    genl.raise(0, 1)?;
    let event = listener.event(wait::LIMIT)?.context("no event came")?;
    ensure!(event.seq == COUNT + 1, "{event:?}");
    Ok(())
}

/// There is no memory for the last events, and none comes after them.
fn last_is_told() -> Result<()> {
    const COUNT: u64 = 60;
    let _driver = Driver::load(Mode::Msi)?;
    let mut listener = Subscription::open(1 << 20)?;
    let mut genl = Genl::open()?;
    let failures = raise_without_memory(&mut genl, COUNT)?;
    let deadline = Instant::now() + wait::LIMIT;
    let mut tally = Tally::before(1);
    while tally.last < COUNT {
        let item = listener.wait(Some(deadline))?;
        tally.take(item.with_context(|| format!("nothing after {tally:?}"))?)?;
    }
    ensure!(tally.lost == 0 && tally.replayed == failures, "{tally:?}");
    Ok(())
}

/// There is no memory for a listener's copy of a message. The kernel then gives it to none of the
/// listeners after that one, either. The driver has sent it, and no event comes after it.
fn copies_fail() -> Result<()> {
    const COUNT: u64 = 10;
    const LISTENERS: u64 = 3;
    // The handler sends, however many receive.
    let _driver = Driver::load_with("context=1")?;
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        listeners.push((Subscription::open(1 << 20)?, Tally::before(1)));
    }
    let mut genl = Genl::open()?;
    let failing = Failing::start(COPIES, 100, Which::Atomic)?;
    for raised in 1..=COUNT {
        genl.raise(0, storm::BIT)?;
        tool::until_counter(0, "interrupts", raised)?;
    }
    drop(failing);
    let deadline = Instant::now() + wait::LIMIT;
    for (listener, tally) in &mut listeners {
        while tally.last < COUNT {
            let item = listener.wait(Some(deadline))?;
            tally.take(item.with_context(|| format!("nothing after {tally:?}"))?)?;
        }
        ensure!(tally.lost == 0, "{tally:?}");
    }
    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "alloc_failures")? == 0, "{device}");
    let replayed: u64 = listeners.iter().map(|(_, tally)| tally.replayed).sum();
    // All but one of them missed each event.
    let missed = COUNT * (LISTENERS - 1);
    ensure!(replayed == missed, "{replayed} of {missed} replayed");
    Ok(())
}

/// Two listeners: the second one's copy of a message takes memory, too. They read what there is now and
/// then.
fn lose_nothing(percent: u32, which: Which) -> Result<()> {
    let count = amount::count(SHORT[usize::from(percent > 1)]);
    // The handler sends, also to two.
    let _driver = Driver::load_with("context=1")?;
    let mut storm = Storm::new()?;
    let mut listeners = Vec::new();
    for _ in 0..2 {
        listeners.push((Subscription::open(1 << 20)?, Tally::before(1)));
    }
    let failing = Failing::start(BUFFERS, percent, which)?;
    let mut read = 0;
    while storm.last() + 2 * BURST < count {
        storm.raise(BURST);
        if storm.last() < read + UNREAD {
            continue;
        }
        read = storm.last();
        for (listener, tally) in &mut listeners {
            while let Some(item) = listener.try_next()? {
                tally.take(item)?;
            }
        }
        host::progress(storm.last(), count)?;
    }
    drop(failing);
    // An event that everybody gets shows what was missed before it.
    storm.until(count, |_| Ok(()))?;
    let deadline = Instant::now() + wait::LIMIT;
    for (listener, tally) in &mut listeners {
        while tally.last < count {
            let item = listener.wait(Some(deadline))?;
            tally.take(item.with_context(|| format!("nothing after {tally:?}"))?)?;
        }
        ensure!(tally.lost == 0 && tally.delivered() == count, "{tally:?}");
    }
    let device = tool::device(0)?;
    let failures = tool::counter(&device, "alloc_failures")?;
    ensure!(failures > 0, "nothing failed: {device}");
    ensure!(tool::counter(&device, "interrupts")? == count, "{device}");
    let replayed: u64 = listeners.iter().map(|(_, tally)| tally.replayed).sum();
    ensure!(replayed >= failures, "{replayed} replayed: {device}");
    amount::stated("interrupts", count);
    amount::stated("events for which the handler got no memory", failures);
    amount::stated("replayed, by both listeners", replayed);
    amount::stated("told as lost", 0);
    Ok(())
}
