//! Netlink messages are sent from the handler, a bottom half or a thread, in one sequence.

use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::libc;

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raiser::Raiser;
use crate::raw::{Genl, op, request, u32_attribute};
use crate::{tool, wait};

/// Contexts but `auto`, with their numbers in the spec and their counters.
const CONTEXTS: [(u32, &str, &str); 3] = [
    (1, "hard", "sent_hard"),
    (2, "bh", "sent_bh"),
    (3, "thread", "sent_thread"),
];

pub fn cases() -> Vec<Case> {
    [
        Case::for_both("context", "each_sends_all_and_is_counted", each_sends),
        Case::for_both("context", "order_holds_over_every_switch", switches),
        vec![
            Case::new("context::auto_is_the_handler", auto),
            Case::new("context::auto_leaves_several_to_a_bottom_half", company),
            Case::new("context::auto_leaves_a_crowd_to_the_thread", crowd),
            Case::new("context::wrong_requests_change_nothing", wrong_requests),
        ],
    ]
    .into_iter()
    .flatten()
    .map(|case| case.within(300))
    .collect()
}

/// Changes the context of a device.
pub fn set(genl: &mut Genl, device: u32, context: u32) -> Result<i32> {
    let payload = [
        u32_attribute(request::DEVICE, device),
        u32_attribute(request::CONTEXT, context),
    ];
    Ok(genl.request(op::DEVICE_SET, 0, &payload.concat())?.errno)
}

fn each_sends(mode: Mode) -> Result<()> {
    const COUNT: u64 = 200;
    for (number, name, counter) in CONTEXTS {
        let msi = u8::from(mode == Mode::Msi);
        let driver = Driver::load_with(&format!("msi={msi} context={number}"))?;
        let mut genl = Genl::open()?;
        genl.join()?;
        let mut port = Genl::open()?;
        ensure!(port.listen(op::LISTEN, 0)?.errno == 0);
        for seq in 1..=COUNT {
            let event = genl.interrupt(0, 1)?;
            ensure!(event.seq == seq, "{name}: expected seq {seq}: {event:?}");
            let event = port.event(wait::LIMIT)?.context("no event came")?;
            ensure!(event.seq == seq, "{name}: expected seq {seq}: {event:?}");
        }
        let device = tool::device(0)?;
        ensure!(device["context"] == name, "{device}");
        ensure!(device["context_now"] == name, "{device}");
        for (_, _, other) in CONTEXTS {
            let expected = if other == counter { COUNT } else { 0 };
            ensure!(
                tool::counter(&device, other)? == expected,
                "{name}: {device}"
            );
        }
        ensure!(tool::counter(&device, "events_sent")? == COUNT, "{device}");
        driver.unload()?;
    }
    Ok(())
}

/// One thread raises as fast as it can, another switches; a listener gets all in order.
fn switches(mode: Mode) -> Result<()> {
    const ROUNDS: usize = 60;
    let _driver = Driver::load(mode)?;
    let mut listener = Genl::open()?;
    listener.join()?;
    let raiser = Raiser::default();
    let raised = thread::scope(|scope| -> Result<u64> {
        let raising = scope.spawn(|| -> Result<u64> {
            raiser.run()?;
            tool::counter(&tool::device(0)?, "interrupts")
        });
        let switched = (|| -> Result<()> {
            let mut genl = Genl::open()?;
            let mut expected = 1;
            for round in 0..ROUNDS {
                let (number, _, _) = CONTEXTS[round % CONTEXTS.len()];
                ensure!(set(&mut genl, 0, number)? == 0, "the switch was refused");
                for _ in 0..20 {
                    let event = listener.event(wait::LIMIT)?.context("no event came")?;
                    ensure!(
                        event.seq == expected,
                        "expected seq {expected}: {event:?}, {}",
                        tool::device(0)?
                    );
                    raiser.read(expected);
                    expected += 1;
                }
            }
            Ok(())
        })();
        raiser.stop();
        let raised = raising.join().ok().context("the raising thread panicked")?;
        switched?;
        raised
    })?;
    let mut expected = 20 * u64::try_from(ROUNDS)? + 1;
    while expected <= raised {
        let event = listener.event(wait::LIMIT)?.context("no event came")?;
        ensure!(event.seq == expected, "expected seq {expected}: {event:?}");
        expected += 1;
    }
    let device = tool::device(0)?;
    let mut sum = 0;
    for (_, name, counter) in CONTEXTS {
        let sent = tool::counter(&device, counter)?;
        ensure!(sent > 0, "{name} sent nothing: {device}");
        sum += sent;
    }
    ensure!(sum == tool::counter(&device, "events_sent")?, "{device}");
    Ok(())
}

/// Sends to `listeners`, of which one reads at once and the others later, from `context` but for
/// the first event. When the others are gone the handler sends again.
fn many(listeners: usize, context: &str) -> Result<()> {
    const COUNT: u64 = 20;
    /// After 16 events with fewer receivers they are taken to be fewer. The next event may come before
    /// the last of them was counted.
    const CALM: u64 = 16 + 4;
    const AFTER: u64 = 3;
    let counter = format!("sent_{context}");
    let _driver = Driver::load(Mode::Msi)?;
    let mut listeners: Vec<Genl> = (0..listeners)
        .map(|_| Genl::open())
        .collect::<Result<_>>()?;
    for listener in &listeners {
        listener.join()?;
    }
    let (first, others) = listeners.split_first_mut().context("there is none")?;
    for seq in 1..=COUNT {
        let event = first.interrupt(0, 1)?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    let device = tool::device(0)?;
    ensure!(device["context"] == "auto", "{device}");
    ensure!(device["context_now"] == context, "{device}");
    // The first is how the driver learns of them.
    ensure!(tool::counter(&device, "sent_hard")? == 1, "{device}");
    ensure!(tool::counter(&device, &counter)? == COUNT - 1, "{device}");
    for listener in others {
        for seq in 1..=COUNT {
            let event = listener.event(wait::LIMIT)?.context("no event came")?;
            ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
        }
    }

    listeners.truncate(1);
    let only = &mut listeners[0];
    let mut sent_hard = 0;
    for seq in COUNT + 1..=COUNT + CALM + AFTER {
        let event = only.interrupt(0, 1)?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
        if seq == COUNT + CALM {
            let device = tool::device(0)?;
            ensure!(device["context_now"] == "hard", "{device}");
            sent_hard = tool::counter(&device, "sent_hard")?;
        }
    }
    let device = tool::device(0)?;
    ensure!(
        tool::counter(&device, "sent_hard")? == sent_hard + AFTER,
        "{device}"
    );
    Ok(())
}

/// More than one listener would make the handler longer.
fn company() -> Result<()> {
    many(4, "bh")
}

/// Many would keep a bottom half busy, which no process gets past.
fn crowd() -> Result<()> {
    many(40, "thread")
}

fn auto() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    genl.interrupt(0, 1)?;
    let device = tool::device(0)?;
    ensure!(device["context"] == "auto", "{device}");
    ensure!(device["context_now"] == "hard", "{device}");
    ensure!(tool::counter(&device, "sent_hard")? == 1, "{device}");

    tool::json(&["set", "--context", "thread", "--device", "0"])?;
    genl.interrupt(0, 1)?;
    let device = tool::device(0)?;
    ensure!(device["context_now"] == "thread", "{device}");
    ensure!(tool::counter(&device, "sent_thread")? == 1, "{device}");
    let other = tool::device(1)?;
    ensure!(other["context"] == "auto", "the other was set too: {other}");
    Ok(())
}

fn wrong_requests() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    ensure!(set(&mut genl, 0, 4)? == libc::ERANGE);
    ensure!(set(&mut genl, 9, 1)? == libc::ENODEV);
    let device = tool::device(0)?;
    ensure!(device["context"] == "auto", "{device}");
    Ok(())
}
