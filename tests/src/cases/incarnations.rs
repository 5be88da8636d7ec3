//! Devices that come and go under load: the listener tells their lives apart, with no false gap.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use irqcast::{Client, Item, Subscription};
use irqcast_tests::talk::Request;

use super::lifecycle::under_traffic;
use crate::case::{Case, Machine, Mode};
use crate::driver::Driver;
use crate::mapped::Mapped;
use crate::node::Node;
use crate::subject::EDU;
use crate::{amount, host, storm, wait};

/// Cycles of the short form.
const SHORT: u64 = 3;

/// Cycles of the long form.
const LONG: u64 = 100;

/// Events that the listener is told of in each life, at least.
const EVENTS: u64 = 200;

/// Bytes of the listener's queue: more than comes while a device goes.
const QUEUE: usize = 64 << 20;

/// A ring that holds what a device does from being bound until the listener has joined, which on a
/// busy machine is more than the usual 4096.
const PARAMETERS: &str = "history=65536";

/// The port that the device is plugged into, and what QEMU calls the device.
const PORT: &str = "port0";
const DEVICE: &str = "edu0";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("incarnations::of_a_reloaded_driver", reloaded)
            .on(storm::machine())
            .within(300)
            .soak(LONG, 3600),
        Case::new("incarnations::of_an_unplugged_device", unplugged)
            .on(Machine {
                devices: 0,
                extra: vec!["pcie-root-port,id=port0,chassis=1", "edu,id=edu0,bus=port0"],
                ..Machine::default()
            })
            .within(300)
            .soak(LONG, 3600),
    ]
}

/// One life of device 0.
struct Life {
    incarnation: u64,
    /// Sequence number of the last event that was told.
    last: u64,
}

/// A listener, and the lives of device 0 that it was told of.
struct Told {
    listener: Subscription,
    lives: Vec<Life>,
    replayed: u64,
    overruns: u64,
}

impl Told {
    fn open() -> Result<Self> {
        Ok(Self {
            listener: Subscription::open(QUEUE)?,
            lives: Vec::new(),
            replayed: 0,
            overruns: 0,
        })
    }

    /// Takes what is told until `is_enough` of it.
    fn until(&mut self, what: &str, is_enough: impl Fn(&[Life]) -> bool) -> Result<()> {
        let deadline = Instant::now() + wait::LIMIT;
        while !is_enough(&self.lives) {
            let item = self.listener.wait(Some(deadline))?;
            let lives = self.lives.len();
            let item =
                item.with_context(|| format!("in life {lives} it was not told of {what}"))?;
            self.take(item)?;
        }
        Ok(())
    }

    fn take(&mut self, item: Item) -> Result<()> {
        let event = match item {
            Item::Event(event) => event,
            Item::Replayed(event) => {
                self.replayed += 1;
                event
            }
            Item::Overrun => {
                self.overruns += 1;
                return Ok(());
            }
            Item::Joined { .. } | Item::Left => return Ok(()),
            Item::Lost(_) | Item::Malformed(_) => bail!("the listener was told {item:?}"),
        };
        ensure!(event.device == 0, "{event:?}");
        match self.lives.last_mut() {
            Some(life) if life.incarnation == event.incarnation => {
                ensure!(event.seq == life.last + 1, "{event:?} after {}", life.last);
                life.last = event.seq;
            }
            _ => {
                let is_new = |life: &Life| life.incarnation != event.incarnation;
                ensure!(self.lives.iter().all(is_new), "an old life: {event:?}");
                ensure!(event.seq == 1, "a life begins with {event:?}");
                self.lives.push(Life {
                    incarnation: event.incarnation,
                    last: event.seq,
                });
            }
        }
        Ok(())
    }

    fn state(&self, cycles: u64) -> Result<()> {
        let lives = u64::try_from(self.lives.len())?;
        ensure!(lives == cycles + 1, "{lives} lives in {cycles} cycles");
        amount::stated("cycles", cycles);
        amount::stated("lives told apart", lives);
        let events: u64 = self.lives.iter().map(|life| life.last).sum();
        amount::stated("events told", events);
        amount::stated("of them replayed", self.replayed);
        amount::stated("told as lost", 0);
        amount::stated("overruns of the listener's queue", self.overruns);
        Ok(())
    }
}

/// Whether the life with this place has come to the event `last`.
fn has_come(place: u64, last: u64) -> impl Fn(&[Life]) -> bool {
    move |lives| {
        usize::try_from(place)
            .ok()
            .and_then(|place| lives.get(place))
            .is_some_and(|life| life.last >= last)
    }
}

/// Sequence number of device 0's last event.
fn last_event() -> Result<u64> {
    Ok(Client::open()?.device(0)?.interrupts)
}

fn reloaded() -> Result<()> {
    let cycles = amount::count(SHORT);
    std::mem::forget(Driver::load_with(PARAMETERS)?);
    let mut told = Told::open()?;
    under_traffic(&EDU, || {
        for cycle in 0..cycles {
            told.until("enough events", has_come(cycle, EVENTS))?;
            // What was before it could join was fetched by now, and the rest arrives by itself.
            let joined = last_event()?;
            told.until("what was before it joined", has_come(cycle, joined))?;
            let last = last_event()?;
            crate::driver::unload_if_loaded()?;
            std::mem::forget(Driver::load_with(PARAMETERS)?);
            told.until("what was before the end", has_come(cycle, last))?;
            host::progress(cycle + 1, cycles)?;
        }
        told.until("enough events", has_come(cycles, EVENTS))
    })?;
    told.state(cycles)
}

/// The mapped ring of a device outlives it, and says exactly with which event its life ended.
fn unplugged() -> Result<()> {
    let cycles = amount::count(SHORT);
    let _driver = Driver::load(Mode::Msi)?;
    let mut told = Told::open()?;
    under_traffic(&EDU, || {
        for cycle in 0..cycles {
            let ring = wait::until("the device's node", || Ok(Node::open(0).ok()))?;
            let ring = Mapped::new(&ring)?;
            told.until("enough events", has_come(cycle, EVENTS))?;
            host::ask(Request::Unplug { id: DEVICE })?;
            wait::until("the end of the ring", || Ok(ring.ended().then_some(())))?;
            let last = ring.head();
            told.until("the last event of a life", has_come(cycle, last))?;
            let life = told.lives.last().context("there was a life")?;
            ensure!(
                life.last == last,
                "told {}, but {last} was the last",
                life.last
            );
            host::ask(Request::Plug {
                id: DEVICE,
                port: PORT,
            })?;
            host::progress(cycle + 1, cycles)?;
        }
        told.until("enough events", has_come(cycles, EVENTS))
    })?;
    told.state(cycles)
}
