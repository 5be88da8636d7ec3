//! Eventfds that are handed over and signalled for each event.

use std::os::fd::AsRawFd as _;

use anyhow::{Result, ensure};
use nix::libc;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::node::{Node, fails_with};
use crate::raw::Genl;
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("eventfd", "counts_the_events", counts);
    cases.extend([
        Case::new("eventfd::several_are_signalled", several),
        Case::new("eventfd::what_is_none_is_refused", refused),
        Case::new("eventfd::ends_with_its_file", ends_with_file),
        Case::new("eventfd::switched_off_is_silent", switched_off),
        Case::new("eventfd::comes_and_goes_in_a_storm", storm).within(300),
        Case::new("eventfd::removal_signals_once_more", removal),
    ]);
    cases
}

fn new() -> Result<EventFd> {
    Ok(EventFd::from_value_and_flags(0, EfdFlags::EFD_NONBLOCK)?)
}

/// Waits until the counter has grown to `count`, and resets it.
fn expect(eventfd: &EventFd, count: u64) -> Result<()> {
    let mut sum = 0;
    wait::until("the eventfd to be signalled", || {
        match eventfd.read() {
            Ok(more) => sum += more,
            Err(nix::errno::Errno::EAGAIN) => (),
            Err(error) => return Err(error.into()),
        }
        Ok((sum >= count).then_some(()))
    })?;
    ensure!(sum == count, "signalled {sum} times, not {count}");
    Ok(())
}

fn joined() -> Result<Genl> {
    let genl = Genl::open()?;
    genl.join()?;
    Ok(genl)
}

fn counts(mode: Mode) -> Result<()> {
    const EVENTS: u64 = 100;
    let _driver = Driver::load(mode)?;
    let mut genl = joined()?;
    let (node, eventfd) = (Node::open(0)?, new()?);
    node.add_eventfd(eventfd.as_raw_fd())?;
    for _ in 0..EVENTS {
        genl.interrupt(0, 1)?;
    }
    // Events of another device are none of its.
    genl.interrupt(1, 1)?;
    expect(&eventfd, EVENTS)?;
    tool::until_counter(0, "eventfd_signals", EVENTS)
}

fn several() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let (node, other) = (Node::open(0)?, Node::open(0)?);
    let eventfds = [new()?, new()?, new()?];
    node.add_eventfd(eventfds[0].as_raw_fd())?;
    node.add_eventfd(eventfds[1].as_raw_fd())?;
    other.add_eventfd(eventfds[2].as_raw_fd())?;
    genl.interrupt(0, 1)?;
    for eventfd in &eventfds {
        expect(eventfd, 1)?;
    }
    node.remove_eventfd(eventfds[0].as_raw_fd())?;
    genl.interrupt(0, 1)?;
    expect(&eventfds[1], 1)?;
    expect(&eventfds[2], 1)?;
    ensure!(eventfds[0].read() == Err(nix::errno::Errno::EAGAIN));
    Ok(())
}

fn refused() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let (node, other) = (Node::open(0)?, Node::open(0)?);
    fails_with(node.add_eventfd(-1), libc::EBADF)?;
    fails_with(
        node.add_eventfd(std::io::stderr().as_raw_fd()),
        libc::EINVAL,
    )?;
    let eventfd = new()?;
    let descriptor = eventfd.as_raw_fd();
    fails_with(node.remove_eventfd(descriptor), libc::ENOENT)?;
    node.add_eventfd(descriptor)?;
    fails_with(node.add_eventfd(descriptor), libc::EEXIST)?;
    // Each file has its own.
    fails_with(other.remove_eventfd(descriptor), libc::ENOENT)?;
    other.add_eventfd(descriptor)?;
    Ok(())
}

fn ends_with_file() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let (node, other) = (Node::open(0)?, Node::open(0)?);
    let (eventfd, kept) = (new()?, new()?);
    node.add_eventfd(eventfd.as_raw_fd())?;
    other.add_eventfd(kept.as_raw_fd())?;
    genl.interrupt(0, 1)?;
    expect(&eventfd, 1)?;
    drop(node);
    genl.interrupt(0, 1)?;
    expect(&kept, 2)?;
    ensure!(eventfd.read() == Err(nix::errno::Errno::EAGAIN));
    Ok(())
}

fn switched_off() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let (node, eventfd) = (Node::open(0)?, new()?);
    node.add_eventfd(eventfd.as_raw_fd())?;
    tool::json(&["set", "--paths", "netlink-multicast"])?;
    genl.interrupt(0, 1)?;
    tool::json(&["set", "--paths", "netlink-multicast,eventfd"])?;
    genl.interrupt(0, 1)?;
    expect(&eventfd, 1)
}

/// One eventfd stays and counts every event, while others come and go.
fn storm() -> Result<()> {
    const ROUNDS: u64 = 40;
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let (node, eventfd) = (Node::open(0)?, new()?);
    node.add_eventfd(eventfd.as_raw_fd())?;
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let raiser = scope.spawn(|| {
            let mut events = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                genl.interrupt(0, 1)?;
                events += 1;
            }
            anyhow::Ok(events)
        });
        let come_and_go = || {
            for _ in 0..ROUNDS {
                let (node, passing) = (Node::open(0)?, [new()?, new()?]);
                node.add_eventfd(passing[0].as_raw_fd())?;
                node.add_eventfd(passing[1].as_raw_fd())?;
                node.remove_eventfd(passing[0].as_raw_fd())?;
            }
            anyhow::Ok(())
        };
        let outcome = come_and_go();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let events = raiser
            .join()
            .map_err(|_| anyhow::anyhow!("the raiser panicked"))??;
        outcome?;
        expect(&eventfd, events)
    })
}

fn removal() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let (node, eventfd) = (Node::open(0)?, new()?);
    node.add_eventfd(eventfd.as_raw_fd())?;
    Driver::unbind(&Driver::bound()?[0].clone())?;
    expect(&eventfd, 1)?;
    fails_with(node.read(1), libc::ENODEV)
}
