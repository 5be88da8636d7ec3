//! Several listeners, one, and none.

use std::sync::mpsc::channel;
use std::thread;

use anyhow::{Context as _, Result, ensure};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::Genl;
use crate::subject::{EDU, Subject};
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    let edu = [
        Case::new("listeners::overrun_leaves_a_gap", overrun_leaves_a_gap),
        Case::new(
            "listeners::the_only_one_without_room_is_not_nobody",
            only_one_without_room,
        ),
        Case::new(
            "listeners::joining_takes_cap_net_admin",
            joining_takes_cap_net_admin,
        ),
    ];
    of(&EDU).into_iter().chain(edu).collect()
}

/// Those of any driver on the core. It needs two devices.
pub fn of(subject: &'static Subject) -> Vec<Case> {
    let case = |behaviour, body| Case::for_each_mode(subject, "listeners", behaviour, body);
    [
        case("two_get_all_in_order", two_get_all_in_order),
        case("none_is_counted", none_is_counted),
        case("all_while_both_devices_raise", both_devices_raise),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn two_get_all_in_order(subject: &'static Subject, mode: Mode) -> Result<()> {
    const COUNT: usize = 1_000;
    let _driver = subject.load(mode)?;
    let mut monitors = [subject.monitor()?, subject.monitor()?];
    let mut genl = subject.genl()?;
    genl.join()?;
    for _ in 0..COUNT {
        genl.interrupt(0, 2)?;
    }
    for monitor in &mut monitors {
        for (line, seq) in monitor.take(COUNT)?.iter().zip(1u64..) {
            ensure!(
                line["seq"] == seq && line["device"] == 0,
                "expected seq {seq}: {line}"
            );
        }
    }
    Ok(())
}

fn none_is_counted(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let mut genl = subject.genl()?;
    const COUNT: u64 = 5;
    for raised in 1..=COUNT {
        genl.raise(0, 1)?;
        // It is handled on any processor, so it may still be under way.
        wait::until("the interrupt", || {
            let interrupts = tool::counter(&subject.device(0)?, "interrupts")?;
            Ok((interrupts == raised).then_some(()))
        })?;
    }
    let device = subject.device(0)?;
    ensure!(tool::counter(&device, "no_listener")? == COUNT, "{device}");
    ensure!(tool::counter(&device, "events_sent")? == 0, "{device}");

    genl.join()?;
    let event = genl.interrupt(0, 1)?;
    ensure!(event.seq == COUNT + 1, "{event:?}");
    let device = subject.device(0)?;
    ensure!(
        tool::counter(&device, "interrupts")? == COUNT + 1,
        "{device}"
    );
    ensure!(tool::counter(&device, "events_sent")? == 1, "{device}");
    Ok(())
}

/// Two threads raise on a device each, which on INTx share a line.
fn both_devices_raise(subject: &'static Subject, mode: Mode) -> Result<()> {
    const COUNT: u64 = 1_000;
    let _driver = subject.load(mode)?;
    let mut listener = subject.genl()?;
    listener.join()?;
    let (failed, failures) = channel();
    let raisers: Vec<_> = (0..2)
        .map(|device| {
            let failed = failed.clone();
            thread::spawn(move || {
                if let Err(error) = raise_each_after_the_last(subject, device, COUNT) {
                    let _ = failed.send(error);
                }
            })
        })
        .collect();
    let events = listener.events(2 * usize::try_from(COUNT)?);
    for raiser in raisers {
        ensure!(raiser.join().is_ok(), "a raising thread panicked");
    }
    if let Ok(error) = failures.try_recv() {
        return Err(error.context("a raiser failed"));
    }
    let events = events?;
    for device in 0..2 {
        let sequence = events
            .iter()
            .filter(|event| event.device == device)
            .map(|event| event.seq);
        ensure!(sequence.eq(1..=COUNT), "device {device} is out of order");
    }
    Ok(())
}

fn raise_each_after_the_last(subject: &Subject, device: u32, count: u64) -> Result<()> {
    let mut genl = subject.genl()?;
    genl.join()?;
    for seq in 1..=count {
        let event = genl.interrupt(device, 1)?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    Ok(())
}

/// A listener that does not read is told by `ENOBUFS`, and the numbers show what it missed.
fn overrun_leaves_a_gap() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut slow = Genl::open()?;
    slow.limit_receive_buffer(4096)?;
    slow.join()?;
    let mut genl = Genl::open()?;
    genl.join()?;
    const COUNT: u64 = 200;
    for _ in 0..COUNT {
        genl.interrupt(0, 1)?;
    }
    let mut held = 0;
    let mut told = false;
    loop {
        match slow.event(std::time::Duration::ZERO) {
            Ok(Some(event)) => {
                held += 1;
                ensure!(
                    event.seq == held,
                    "the first {held} are whole, then {event:?}"
                );
            }
            Ok(None) => break,
            Err(error) if error.to_string().contains("os error 105") => told = true,
            Err(error) => return Err(error),
        }
    }
    ensure!(told, "the listener was not told of its overrun");
    ensure!(held < COUNT, "all {COUNT} fitted into the small buffer");
    genl.raise(0, 1)?;
    let event = slow
        .event(wait::LIMIT)?
        .context("no event came after the overrun")?;
    ensure!(event.seq == COUNT + 1, "{event:?}");
    let device = tool::device(0)?;
    ensure!(
        tool::counter(&device, "interrupts")? == COUNT + 1,
        "{device}"
    );
    Ok(())
}

/// The kernel has one error for both: nobody is there, and nobody had room.
fn only_one_without_room() -> Result<()> {
    const COUNT: u64 = 200;
    let _driver = Driver::load(Mode::Msi)?;
    let slow = Genl::open()?;
    slow.limit_receive_buffer(4096)?;
    slow.join()?;
    let mut genl = Genl::open()?;
    for _ in 0..COUNT {
        genl.raise(0, 1)?;
    }
    let device = wait::until("the interrupts", || {
        let device = tool::device(0)?;
        Ok((tool::counter(&device, "interrupts")? > 20).then_some(device))
    })?;
    ensure!(tool::counter(&device, "no_listener")? == 0, "{device}");
    ensure!(tool::counter(&device, "send_errors")? > 0, "{device}");
    drop(slow);
    let before = tool::counter(&tool::device(0)?, "no_listener")?;
    genl.raise(0, 1)?;
    wait::until("an event that nobody wants", || {
        let now = tool::counter(&tool::device(0)?, "no_listener")?;
        Ok((now > before).then_some(()))
    })
}

fn joining_takes_cap_net_admin() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let genl = Genl::open()?;
    crate::cases::requests::without_privileges(|| {
        let error = match genl.join() {
            Ok(()) => anyhow::bail!("a process without CAP_NET_ADMIN joined the group"),
            Err(error) => error,
        };
        ensure!(error.raw_os_error() == Some(nix::libc::EPERM), "{error}");
        Ok(())
    })
}
