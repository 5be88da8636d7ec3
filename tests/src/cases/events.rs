//! What an event says, as it is on the wire.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::time::{ClockId, clock_gettime};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::{Event, Genl, op, request, u32_attribute};
use crate::subject::{EDU, Subject};
use crate::{tool, wait};

/// Long enough for an event that must not come to show up.
const SILENCE: Duration = Duration::from_millis(300);

pub fn cases() -> Vec<Case> {
    [
        of(&EDU),
        Case::for_both("events", "cause_holds_all_bits", cause_holds_all_bits),
        Case::for_both(
            "events",
            "factorial_carries_its_result",
            factorial_carries_its_result,
        ),
        Case::for_both("events", "dma_carries_its_length", dma_carries_its_length),
        Case::for_both(
            "events",
            "raised_bits_carry_no_data",
            raised_bits_carry_no_data,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Those of any driver on the core. It needs two devices.
pub fn of(subject: &'static Subject) -> Vec<Case> {
    let case = |behaviour, body| Case::for_each_mode(subject, "events", behaviour, body);
    [
        case("raise_becomes_one_event", raise_becomes_one_event),
        case("time_is_monotonic_clock", time_is_monotonic_clock),
        case("devices_count_for_themselves", devices_count_for_themselves),
        case("ten_thousand_in_order", ten_thousand_in_order)
            .into_iter()
            .map(|case| case.within(1800))
            .collect(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn raise_becomes_one_event(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    genl.raise(0, 0x40)?;
    let event = one_event(&mut genl)?;
    ensure!(
        event.device == 0 && event.seq == 1 && event.cause == 0x40,
        "{event:?}"
    );
    ensure!(event.address == subject.bound()?[0], "{event:?}");
    let more = genl.event(SILENCE)?;
    ensure!(more.is_none(), "a second event came: {more:?}");
    Ok(())
}

fn cause_holds_all_bits(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    for bits in [0x8000_0000, 0xffff_ffff, 1, 0x101] {
        genl.raise(0, bits)?;
        let event = one_event(&mut genl)?;
        ensure!(event.cause == bits, "{bits:#x} became {event:?}");
    }
    Ok(())
}

fn time_is_monotonic_clock(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    let mut last = now_ns()?;
    for _ in 0..10 {
        genl.raise(0, 1)?;
        let event = one_event(&mut genl)?;
        let after = now_ns()?;
        ensure!(
            (last..=after).contains(&event.time_ns),
            "{} is not between {last} and {after}",
            event.time_ns
        );
        last = event.time_ns;
    }
    Ok(())
}

fn factorial_carries_its_result(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    for argument in [0, 1, 5, 12, 13, 20, 33, 34, 1000] {
        let expected = (1..=argument).fold(1u32, u32::wrapping_mul);
        start(&mut genl, op::FACTORIAL, request::ARGUMENT, argument)?;
        let event = one_event(&mut genl)?;
        ensure!(event.cause & 1 != 0, "{event:?}");
        ensure!(
            event.factorial == Some(expected),
            "{argument}! is {expected} modulo 2^32, not {event:?}"
        );
    }
    Ok(())
}

fn dma_carries_its_length(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    for bytes in [1, 2, 63, 1024, 4095, 4096] {
        start(&mut genl, op::DMA, request::BYTES, bytes)?;
        let event = one_event(&mut genl)?;
        ensure!(event.cause & 0x100 != 0, "{event:?}");
        ensure!(
            event.dma_bytes == Some(bytes),
            "{bytes} bytes went out: {event:?}"
        );
        let more = genl.event(SILENCE)?;
        ensure!(more.is_none(), "a second event came: {more:?}");
    }
    Ok(())
}

fn raised_bits_carry_no_data(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    start(&mut genl, op::FACTORIAL, request::ARGUMENT, 5)?;
    one_event(&mut genl)?;
    genl.raise(0, 0x101)?;
    let event = one_event(&mut genl)?;
    ensure!(
        event.factorial.is_none() && event.dma_bytes.is_none(),
        "a plain raise says that something completed: {event:?}"
    );
    Ok(())
}

fn devices_count_for_themselves(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    for (device, seq) in [(0, 1), (1, 1), (1, 2), (0, 2), (1, 3)] {
        genl.raise(device, 4)?;
        let event = one_event(&mut genl)?;
        ensure!(
            event.device == device && event.seq == seq,
            "expected device {device}, seq {seq}: {event:?}"
        );
    }
    let more = genl.event(SILENCE)?;
    ensure!(
        more.is_none(),
        "the other device sent an event too: {more:?}"
    );
    for (instance, interrupts) in [(0, 2), (1, 3)] {
        let device = subject.device(instance)?;
        ensure!(
            tool::counter(&device, "interrupts")? == interrupts,
            "{device}"
        );
        ensure!(
            tool::counter(&device, "events_sent")? == interrupts,
            "{device}"
        );
    }
    Ok(())
}

/// Each raise waits for the event of the one before, so that no two merge.
fn ten_thousand_in_order(subject: &'static Subject, mode: Mode) -> Result<()> {
    const COUNT: u64 = 10_000;
    let _driver = subject.load(mode)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    for seq in 1..=COUNT {
        let event = genl.interrupt(0, 1)?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    let more = genl.event(SILENCE)?;
    ensure!(more.is_none(), "one event more came: {more:?}");
    let device = subject.device(0)?;
    ensure!(tool::counter(&device, "interrupts")? == COUNT, "{device}");
    ensure!(tool::counter(&device, "events_sent")? == COUNT, "{device}");
    for name in ["no_listener", "alloc_failures", "send_errors", "spurious"] {
        ensure!(tool::counter(&device, name)? == 0, "{device}");
    }
    Ok(())
}

fn one_event(genl: &mut Genl) -> Result<Event> {
    genl.event(wait::LIMIT)?.context("no event came")
}

fn start(genl: &mut Genl, operation: u8, attribute: u16, value: u32) -> Result<()> {
    let payload = [
        u32_attribute(request::DEVICE, 0),
        u32_attribute(attribute, value),
    ]
    .concat();
    // The device may still clear its busy flag when its interrupt is already here.
    wait::until("the device to be idle", || {
        let answer = genl.request(operation, 0, &payload)?;
        match answer.errno {
            0 => Ok(Some(())),
            nix::libc::EBUSY => Ok(None),
            _ => anyhow::bail!("operation {operation} of {value}: {answer:?}"),
        }
    })
}

fn now_ns() -> Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(u64::try_from(now.tv_sec())? * 1_000_000_000 + u64::try_from(now.tv_nsec())?)
}
