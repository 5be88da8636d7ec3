//! Netlink taps come up and go down while the device interrupts.

use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::libc;

use super::context::set;
use crate::case::{Case, Machine, Mode};
use crate::driver::Driver;
use crate::raiser::Raiser;
use crate::raw::{Genl, op};
use crate::tap::{Tap, packet_socket};
use crate::{tool, wait};

/// Value of the context `auto` in the spec.
const AUTO: u32 = 0;
/// Value of the context `hard` in the spec.
const HARD: u32 = 1;

pub fn cases() -> Vec<Case> {
    [
        Case::new("taps::come_and_go_during_a_storm", || storm(false)),
        Case::new("taps::come_and_go_with_a_packet_socket", || storm(true)),
        Case::new("taps::up_before_the_driver", up_before),
        Case::new("taps::hard_and_a_tap_exclude_each_other", exclusion),
    ]
    .into_iter()
    .map(|case| {
        case.only_on(&["stock", "debug"]).within(600).on(Machine {
            layers: vec!["nlmon"],
            ..Machine::default()
        })
    })
    .collect()
}

fn context_now() -> Result<String> {
    let device = tool::device(0)?;
    let name = device["context_now"].as_str();
    Ok(name.context("list shows no context")?.to_owned())
}

/// Without stepping back, the kernel warns of the tap's transmit path in hard interrupt context,
/// and a packet socket on it can hang the machine.
fn storm(with_socket: bool) -> Result<()> {
    for is_member in [true, false] {
        storm_of(with_socket, is_member)?;
    }
    Ok(())
}

/// To one receiver: with more of them it would not be the handler that sends without a tap.
fn storm_of(with_socket: bool, is_member: bool) -> Result<()> {
    const ROUNDS: usize = 6;
    const EVENTS: usize = 20;
    let _driver = Driver::load(Mode::Msi)?;
    let tap = Tap::new()?;
    let socket = with_socket.then(packet_socket).transpose()?;
    let mut listener = Genl::open()?;
    if is_member {
        listener.join()?;
    } else {
        ensure!(listener.listen(op::LISTEN, 0)?.errno == 0);
    }
    let raiser = Raiser::default();
    thread::scope(|scope| -> Result<()> {
        let raising = scope.spawn(|| raiser.run());
        let checked = (|| -> Result<()> {
            let mut expected = 1;
            for _ in 0..ROUNDS {
                for (up, context) in [(true, "bh"), (false, "hard")] {
                    if up { tap.up() } else { tap.down() }?;
                    if up {
                        let now = context_now()?;
                        ensure!(now == context, "with a tap, events are sent from {now}");
                    }
                    for _ in 0..EVENTS {
                        let event = listener.event(wait::LIMIT)?.context("no event came")?;
                        ensure!(event.seq == expected, "expected seq {expected}: {event:?}");
                        raiser.read(expected);
                        expected += 1;
                    }
                    // The last message that the tap got may count as one of two receivers for a
                    // while.
                    let now = context_now()?;
                    ensure!(now == context, "up: {up}, but events are sent from {now}");
                }
            }
            Ok(())
        })();
        raiser.stop();
        let raised = raising.join().ok().context("the raising thread panicked")?;
        checked?;
        raised
    })?;
    drop(socket);
    let device = tool::device(0)?;
    for counter in ["sent_hard", "sent_bh"] {
        ensure!(tool::counter(&device, counter)? > 0, "{counter}: {device}");
    }
    Ok(())
}

fn up_before() -> Result<()> {
    let tap = Tap::new()?;
    tap.up()?;
    let _driver = Driver::load(Mode::Msi)?;
    ensure!(context_now()? == "bh", "the tap was not seen");
    let mut genl = Genl::open()?;
    genl.join()?;
    ensure!(genl.interrupt(0, 1)?.seq == 1);
    // Removed while it is up.
    drop(tap);
    ensure!(
        context_now()? == "hard",
        "the tap is gone, and not forgotten"
    );
    ensure!(genl.interrupt(0, 1)?.seq == 2);
    let device = tool::device(0)?;
    for counter in ["sent_hard", "sent_bh"] {
        ensure!(tool::counter(&device, counter)? == 1, "{counter}: {device}");
    }
    Ok(())
}

fn exclusion() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let tap = Tap::new()?;
    let mut genl = Genl::open()?;
    ensure!(set(&mut genl, 1, HARD)? == 0);
    ensure!(tap.up().is_err(), "a tap came up although a device is hard");
    ensure!(
        context_now()? == "hard",
        "stepped back for a tap that is down"
    );
    ensure!(set(&mut genl, 1, AUTO)? == 0);
    tap.up()?;
    let errno = set(&mut genl, 0, HARD)?;
    ensure!(errno == libc::EBUSY, "error {errno}");
    tap.down()?;
    ensure!(set(&mut genl, 0, HARD)? == 0);
    Ok(())
}
