//! The device goes while files of it are open.

use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::libc;
use nix::poll::{PollFlags, PollTimeout};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::node::{Node, fails_with};
use crate::raw::Genl;
use crate::subject::{EDU, Subject};
use crate::wait;

pub fn cases() -> Vec<Case> {
    let mut cases = of(&EDU);
    cases.push(Case::new("removal::in_the_middle_of_a_storm", storm).within(1800));
    cases
}

/// Those of any driver on the core.
pub fn of(subject: &'static Subject) -> Vec<Case> {
    let once = |behaviour, body| Case::for_subject(subject, "removal", behaviour, body);
    let mut cases = Case::for_each_mode(subject, "removal", "wakes_all_who_wait", wakes_all);
    cases.extend([
        once("what_was_not_read_can_be", drains),
        once("the_next_life_has_the_same_node", next_life),
        once("unloading_is_refused_while_open", unload_refused),
    ]);
    cases
}

/// What poll says of a file whose device has gone, with nothing left to read.
fn gone() -> PollFlags {
    PollFlags::POLLHUP | PollFlags::POLLERR
}

fn wakes_all(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let address = subject.bound()?[0].clone();
    let (reading, polling) = (subject.node(0)?, subject.node(0)?);
    thread::scope(|scope| {
        let reader = scope.spawn(|| reading.read(1));
        let poller = scope.spawn(|| polling.poll(PollTimeout::NONE));
        subject.unbind(&address)?;
        fails_with(
            reader.join().ok().context("the reader panicked")?,
            libc::ENODEV,
        )?;
        let ready = poller.join().ok().context("the poller panicked")??;
        ensure!(ready == gone(), "{ready:?}");
        Ok(())
    })?;
    fails_with(reading.read(1), libc::ENODEV)?;
    fails_with(reading.next(), libc::ENODEV)?;
    fails_with(subject.node(0).map(|_| ()), libc::ENOENT)
}

fn drains(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let address = subject.bound()?[0].clone();
    let mut genl = subject.genl()?;
    genl.join()?;
    let node = subject.node(0)?;
    for _ in 0..3 {
        genl.interrupt(0, 1)?;
    }
    subject.unbind(&address)?;
    let ready = node.poll(PollTimeout::ZERO)?;
    ensure!(ready == gone() | PollFlags::POLLIN, "{ready:?}");
    ensure!(node.read(2)?.len() == 2);
    ensure!(node.read(2)?.len() == 1);
    fails_with(node.read(1), libc::ENODEV)
}

fn next_life(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let address = subject.bound()?[0].clone();
    let mut genl = subject.genl()?;
    genl.join()?;
    let old = subject.node(0)?;
    for _ in 0..3 {
        subject.unbind(&address)?;
        subject.bind(&address)?;
        let new = subject.node(0)?;
        genl.interrupt(0, 1)?;
        let records = new.read(1)?;
        ensure!(records[0].seq == 1, "{records:?}");
        fails_with(old.read(1), libc::ENODEV)?;
    }
    Ok(())
}

fn unload_refused(subject: &'static Subject, mode: Mode) -> Result<()> {
    let driver = subject.load(mode)?;
    let node = subject.node(0)?;
    let errno = subject.try_unload().err();
    ensure!(
        errno == Some(nix::errno::Errno::EWOULDBLOCK),
        "unloading with a file open: {errno:?}"
    );
    drop(node);
    driver.unload()
}

/// Readers and pollers at work, an interrupt after the other, and the device comes and goes.
fn storm() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let address = Driver::bound()?[0].clone();
    for _ in 0..5 {
        let nodes = [Node::open(0)?, Node::open(0)?, Node::open(0)?];
        thread::scope(|scope| {
            let readers: Vec<_> = nodes
                .iter()
                .map(|node| {
                    scope.spawn(move || {
                        let mut read = 0;
                        loop {
                            node.poll(PollTimeout::NONE)?;
                            match node.read(16) {
                                Ok(records) => read += records.len(),
                                Err(error) => {
                                    fails_with(Err::<(), _>(error), libc::ENODEV)?;
                                    return Ok(read);
                                }
                            }
                        }
                    })
                })
                .collect();
            let raiser = scope.spawn(|| {
                let mut genl = Genl::open()?;
                while genl.raise(0, 1).is_ok() {}
                anyhow::Ok(())
            });
            wait::until("traffic", || {
                Ok((crate::tool::device(0)?["interrupts"] != 0).then_some(()))
            })?;
            Driver::unbind(&address)?;
            raiser.join().ok().context("the raiser panicked")??;
            for reader in readers {
                let read: usize = reader
                    .join()
                    .ok()
                    .context("a reader panicked")?
                    .map_err(|error: anyhow::Error| error)?;
                ensure!(read > 0, "a reader saw nothing");
            }
            Ok(())
        })?;
        Driver::bind(&address)?;
    }
    Ok(())
}
