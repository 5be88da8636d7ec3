//! What a listener missed is fetched from the driver's ring, and what has left it is told.

use anyhow::{Context as _, Result, ensure};
use irqcast::{Item, Subscription};
use serde_json::{Value, json};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::Genl;
use crate::subject::{EDU, Subject};
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    let mut cases = of(&EDU);
    cases.push(
        Case::new(
            "history::is_whole_while_events_arrive",
            is_whole_while_events_arrive,
        )
        .within(300),
    );
    cases
}

/// Those of any driver on the core. It needs two devices.
pub fn of(subject: &'static Subject) -> Vec<Case> {
    let both = |behaviour, body| Case::for_each_mode(subject, "history", behaviour, body);
    let once = |behaviour, body| vec![Case::for_subject(subject, "history", behaviour, body)];
    [
        both(
            "slow_listener_gets_what_it_missed",
            slow_listener_gets_what_it_missed,
        ),
        both(
            "lost_is_exactly_what_left_the_ring",
            lost_is_exactly_what_left_the_ring,
        ),
        once("is_printed_from_a_number_on", is_printed_from_a_number_on),
        once("belongs_to_one_life", belongs_to_one_life),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Raises this often on device 0, each time after the event before.
fn raise(genl: &mut Genl, count: u64) -> Result<()> {
    for _ in 0..count {
        genl.interrupt(0, 4)?;
    }
    Ok(())
}

/// What a listener is told, until it has been told of event `last`.
fn told_until(subscription: &mut Subscription, last: u64) -> Result<Vec<Told>> {
    let deadline = std::time::Instant::now() + wait::LIMIT;
    let mut told = Vec::new();
    loop {
        let item = subscription.wait(Some(deadline))?;
        let (one, at) = match item.context("the listener was not told of the last event")? {
            Item::Event(event) => (Told::Received, event.seq..=event.seq),
            Item::Replayed(event) => {
                ensure!(event.replayed && event.cause == 4, "{event:?}");
                (Told::Fetched, event.seq..=event.seq)
            }
            Item::Lost(lost) => (Told::Lost, lost.from..=lost.to),
            _ => continue,
        };
        for seq in at {
            ensure!(
                seq == told.len() as u64 + 1,
                "{one:?} {seq} is out of order"
            );
            told.push(one);
        }
        if told.len() as u64 == last {
            return Ok(told);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Received,
    Fetched,
    Lost,
}

fn count(told: &[Told], what: Told) -> usize {
    told.iter().filter(|told| **told == what).count()
}

/// Its queue holds a few events, and nothing comes after those that it missed.
fn slow_listener_gets_what_it_missed(subject: &'static Subject, mode: Mode) -> Result<()> {
    const COUNT: u64 = 300;
    let _driver = subject.load(mode)?;
    let mut slow = subject.subscription(4096)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    raise(&mut genl, COUNT)?;
    let told = told_until(&mut slow, COUNT)?;
    ensure!(count(&told, Told::Lost) == 0, "something was lost");
    ensure!(count(&told, Told::Received) > 0, "nothing was received");
    ensure!(count(&told, Told::Fetched) > 0, "nothing was missed");

    // From here on it keeps up again, and is told nothing twice.
    raise(&mut genl, 1)?;
    let deadline = std::time::Instant::now() + wait::LIMIT;
    loop {
        match slow.wait(Some(deadline))?.context("no event came")? {
            Item::Event(event) => {
                ensure!(event.seq == COUNT + 1, "{event:?}");
                return Ok(());
            }
            Item::Overrun => {}
            other => anyhow::bail!("{other:?}"),
        }
    }
}

fn lost_is_exactly_what_left_the_ring(subject: &'static Subject, mode: Mode) -> Result<()> {
    const COUNT: u64 = 300;
    const HELD: usize = 64;
    let _driver = subject.load_with(mode, &format!("history={HELD}"))?;
    let mut slow = subject.subscription(4096)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    raise(&mut genl, COUNT)?;
    let told = told_until(&mut slow, COUNT)?;
    let received = count(&told, Told::Received);
    ensure!(count(&told, Told::Fetched) == HELD, "{received} received");
    ensure!(count(&told, Told::Lost) + received + HELD == told.len());
    ensure!(
        told[told.len() - HELD..]
            .iter()
            .all(|t| *t == Told::Fetched)
    );
    Ok(())
}

fn is_printed_from_a_number_on(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load_with(mode, "history=16")?;
    let mut genl = subject.genl()?;
    genl.join()?;
    raise(&mut genl, 40)?;
    let history = |since: &str| subject.tool(&["history", "--device", "0", "--since", since]);
    let numbers = |printed: &[Value]| -> Vec<u64> {
        printed
            .iter()
            .filter_map(|event| event["seq"].as_u64())
            .collect()
    };
    let printed = history("38")?;
    ensure!(numbers(&printed) == [38, 39, 40], "{printed:?}");
    ensure!(printed.iter().all(|event| event["replayed"] == true));
    let printed = history("20")?;
    let lost = json!({"lost": {"device": 0, "from": 20, "to": 24}});
    ensure!(printed[0] == lost, "{}", printed[0]);
    ensure!(numbers(&printed).into_iter().eq(25..=40), "{printed:?}");
    ensure!(history("41")?.is_empty());
    let all = subject.tool(&["history"])?;
    ensure!(
        all.len() == 17,
        "device 1 has none, device 0 has 16 and a loss: {all:?}"
    );
    Ok(())
}

/// A device that is bound again has another history, and its listener is told no false gap.
fn belongs_to_one_life(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let mut listener = subject.subscription(1 << 20)?;
    let mut genl = subject.genl()?;
    genl.join()?;
    raise(&mut genl, 3)?;
    let address = subject.bound()?[0].clone();
    subject.unbind(&address)?;
    subject.bind(&address)?;
    raise(&mut genl, 2)?;
    let deadline = std::time::Instant::now() + wait::LIMIT;
    let mut lives = Vec::new();
    while lives.len() < 5 {
        match listener.wait(Some(deadline))?.context("no event came")? {
            Item::Event(event) => lives.push((event.incarnation, event.seq)),
            Item::Joined { .. } => {}
            other => anyhow::bail!("{other:?}"),
        }
    }
    let (first, second) = (lives[0].0, lives[4].0);
    ensure!(first != second, "{lives:?}");
    let expected = [(first, 1), (first, 2), (first, 3), (second, 1), (second, 2)];
    ensure!(lives == expected, "{lives:?}");
    let printed = subject.tool(&["history", "--device", "0"])?;
    ensure!(printed.len() == 2, "{printed:?}");
    Ok(())
}

/// The ring wraps many times while it is read: what comes is in order, and of one piece.
fn is_whole_while_events_arrive() -> Result<()> {
    let _driver = Driver::load_with("history=256")?;
    let raiser = std::thread::spawn(|| -> Result<()> {
        let mut genl = Genl::open()?;
        genl.join()?;
        raise(&mut genl, 3_000)
    });
    while !raiser.is_finished() {
        let printed = tool::json(&["history", "--device", "0"])?;
        let numbers: Vec<u64> = printed
            .iter()
            .filter_map(|event| event["seq"].as_u64())
            .collect();
        ensure!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        ensure!(
            printed
                .iter()
                .all(|event| event["lost"].is_object() || event["cause"] == 4),
            "{printed:?}"
        );
    }
    match raiser.join() {
        Ok(result) => result,
        Err(_) => anyhow::bail!("the raising thread panicked"),
    }
}
