//! Sequence numbers that grow large, by a module parameter that is there for these tests.

use anyhow::{Context as _, Result, ensure};
use irqcast::{Client, Item, Subscription};
use nix::libc;

use crate::case::{Case, Mode};
use crate::driver::{self, Driver};
use crate::listener::{Listener, Tally};
use crate::node::{Node, fails_with};
use crate::raw::Genl;
use crate::storm::{self, Storm};
use crate::{amount, host, tool, wait};

/// The last number that there is.
const LAST: u64 = u64::MAX - 1;

/// Events of the short form.
const SHORT: u64 = 900;

/// Events that the ring holds: fewer than there are, so that it runs around.
const HISTORY: u64 = 256;

pub fn cases() -> Vec<Case> {
    [
        Case::new("numbers::cross_2_to_the_32", cross).soak(1_000_000, 7200),
        Case::new("numbers::come_near_2_to_the_64", come_near).soak(1_000_000, 7200),
        Case::new("numbers::end_without_a_wrap", end)
            .provoking(&["has used up its sequence numbers"]),
        Case::new("numbers::before_the_first_are_no_gap", no_gap),
    ]
    .map(|case| case.on(storm::machine()).within(300))
    .into()
}

fn cross() -> Result<()> {
    let count = amount::count(SHORT);
    numbers_from((1 << 32) - count / 2, count)
}

fn come_near() -> Result<()> {
    let count = amount::count(SHORT);
    numbers_from(LAST - 99 - count, count)
}

/// `count` events from `first` on are told without a gap on every path that has numbers.
fn numbers_from(first: u64, count: u64) -> Result<()> {
    let last = first + (count - 1);
    let _driver = Driver::load_with(&format!("first_seq={first} history={HISTORY}"))?;
    let mut listener = Listener::start(1 << 20, first)?;
    let mut storm = Storm::new()?;
    let node = Node::open_nonblocking(0)?;
    let mut read = first - 1;
    let mut lost = 0;
    let mut read_all = || -> Result<u64> {
        while let Ok(record) = node.next() {
            lost += record.lost;
            ensure!(
                record.seq == read + 1 + record.lost,
                "{record:?} after {read}"
            );
            read = record.seq;
        }
        Ok(read)
    };
    storm.until(last, |last| {
        host::progress(last - (first - 1), count)?;
        read_all().map(|_| ())
    })?;
    ensure!(read_all()? == last, "the file of the device ends early");
    let tally = listener.told_until(last)?;
    ensure!(tally.delivered() + tally.lost == count, "{tally:?}");

    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "first_seq")? == first, "{device}");
    ensure!(tool::counter(&device, "interrupts")? == last, "{device}");
    let address = device["address"].as_str().context("it has an address")?;
    let shown = std::fs::read_to_string(format!("/sys/bus/pci/devices/{address}/events"))?;
    ensure!(shown.trim() == last.to_string(), "sysfs says {shown}");
    let oldest = first.max(last - (HISTORY - 1));
    let printed = tool::json(&["history"])?;
    let numbers = printed.iter().filter_map(|event| event["seq"].as_u64());
    ensure!(
        numbers.eq(oldest..=last),
        "the history is not {oldest} to {last}"
    );
    node.set_next(last)?;
    ensure!(node.next()?.seq == last);
    amount::stated("first number", first);
    amount::stated("last number", last);
    amount::stated("delivered", tally.delivered());
    amount::stated("told as lost", tally.lost);
    amount::stated("lost by a reader of the file, and told", lost);
    Ok(())
}

/// After the last number there are no more events, and nothing else happens: not to the device, not
/// to its listeners, not to its next life.
fn end() -> Result<()> {
    const EVENTS: u64 = 10;
    let first = LAST - (EVENTS - 1);
    let _driver = Driver::load_with(&format!("first_seq={first}"))?;
    let address = Driver::bound()?[0].clone();
    let mut genl = Genl::open()?;
    genl.join()?;
    let node = Node::open_nonblocking(0)?;
    for seq in first..=LAST {
        let event = genl.interrupt(0, 1)?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    let line = driver::interrupt_line(&address)?;
    let handled = || handled(&line);
    for _ in 0..EVENTS {
        let before = handled()?;
        genl.raise(0, 1)?;
        wait::until("the interrupt to be handled", || {
            Ok((handled()? > before).then_some(()))
        })?;
    }
    ensure!(genl.event(std::time::Duration::ZERO)?.is_none());
    for seq in first..=LAST {
        ensure!(node.next()?.seq == seq);
    }
    fails_with(node.next(), libc::EAGAIN)?;
    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "interrupts")? == LAST, "{device}");
    ensure!(tool::counter(&device, "events_sent")? == EVENTS, "{device}");
    ensure!(tool::json(&["history"])?.len() as u64 == EVENTS);
    Driver::unbind(&address)?;
    Driver::bind(&address)?;
    let event = genl.interrupt(0, 1)?;
    ensure!(event.seq == first, "{event:?}");
    Ok(())
}

/// How often the handlers of this line were called, on all processors together.
fn handled(line: &str) -> Result<u64> {
    let table = std::fs::read_to_string("/proc/interrupts")?;
    let counts = table
        .lines()
        .find_map(|row| row.trim_start().strip_prefix(&format!("{line}:")))
        .with_context(|| format!("there is no line {line}:\n{table}"))?;
    Ok(counts
        .split_whitespace()
        .map_while(|count| count.parse::<u64>().ok())
        .sum())
}

/// Neither a new life of a device nor a listener that begins behind has a gap before the first.
fn no_gap() -> Result<()> {
    const FIRST: u64 = (1 << 32) - 3;
    let driver = Driver::load_with(&format!("first_seq={FIRST}"))?;
    let mut listener = Subscription::open(4096)?;
    let told_until = |listener: &mut Subscription, last: u64, life: u32| -> Result<()> {
        let deadline = std::time::Instant::now() + wait::LIMIT;
        let mut tally = Tally::before(FIRST);
        while tally.last < last {
            let item = listener.wait(Some(deadline))?;
            match item.with_context(|| format!("life {life} stops at {}", tally.last))? {
                Item::Left => {}
                item => tally.take(item)?,
            }
        }
        ensure!(tally.lost == 0, "life {life}: {tally:?}");
        Ok(())
    };
    let raise = |count: u64| -> Result<u64> {
        let mut genl = Genl::open()?;
        genl.join()?;
        for _ in 0..count {
            genl.interrupt(0, 0x10)?;
        }
        Ok(FIRST - 1 + count)
    };
    // As they come, then more than its queue holds, in a new life whose first it does not get.
    told_until(&mut listener, raise(5)?, 1)?;
    let address = Driver::bound()?[0].clone();
    Driver::unbind(&address)?;
    Driver::bind(&address)?;
    told_until(&mut listener, raise(300)?, 2)?;
    driver.unload()?;
    let _driver = Driver::load_with(&format!("first_seq={FIRST}"))?;
    // It has not even read that the driver is back.
    told_until(&mut listener, raise(5)?, 3)?;
    let state = Client::open()?.device(0)?;
    ensure!(
        state.interrupts == FIRST + 4 && state.interrupt_mode.to_string() == Mode::Msi.to_string()
    );
    Ok(())
}
