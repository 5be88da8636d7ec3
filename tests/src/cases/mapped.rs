//! The ring of a device, mapped.

use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::libc;
use nix::sys::mman::{ProtFlags, mprotect};

use crate::case::{Case, Mode};
use crate::driver::{self, Driver};
use crate::mapped::{Found, HEADER, Mapped};
use crate::node::{Node, RECORD, fails_with};
use crate::raw::Genl;
use crate::wait;

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("mapped", "ring_holds_each_event", holds_each_event);
    cases.extend([
        Case::new("mapped::ring_cannot_be_written", read_only),
        Case::new("mapped::header_says_what_is_there", header),
        Case::new("mapped::reader_is_never_given_half_an_event", storm).within(1800),
        Case::new("mapped::reader_sleeps_by_poll", sleeps),
        Case::new("mapped::removal_leaves_the_mapping", removal),
    ]);
    cases
}

fn joined() -> Result<Genl> {
    let genl = Genl::open()?;
    genl.join()?;
    Ok(genl)
}

fn holds_each_event(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = joined()?;
    let node = Node::open(0)?;
    let mapped = Mapped::new(&node)?;
    ensure!(mapped.get(1)? == Found::NotYet);
    for seq in 1..=20 {
        let event = genl.interrupt(0, 0x40)?;
        let Found::Event(record) = mapped.get(seq)? else {
            anyhow::bail!("event {seq} is not in the ring");
        };
        ensure!(
            record.time_ns == event.time_ns && record.cause == 0x40 && record.lost == 0,
            "{event:?} is {record:?} in the ring"
        );
        ensure!(node.next()? == record);
    }
    Ok(())
}

fn read_only() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let node = Node::open(0)?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let map = |length, offset, prot| Mapped::with(&node, length, offset, prot).map(|_| ());
    fails_with(map(HEADER, 0, both), libc::EACCES)?;
    fails_with(map(HEADER, 4096, ProtFlags::PROT_READ), libc::EINVAL)?;
    let mapped = Mapped::new(&node)?;
    fails_with(
        map(mapped.length() + 4096, 0, ProtFlags::PROT_READ),
        libc::EINVAL,
    )?;
    let address = std::ptr::NonNull::new(mapped.address()).context("not null")?;
    // SAFETY: it fails, and if it did not, nothing would be written.
    let made_writable = unsafe { mprotect(address, HEADER, both) };
    ensure!(
        made_writable == Err(nix::errno::Errno::EACCES),
        "{made_writable:?}"
    );
    Ok(())
}

fn header() -> Result<()> {
    for (parameters, capacity, size) in [
        ("", 4096, RECORD),
        ("history=20", 32, RECORD),
        ("history=16 payload=100", 16, RECORD + 104),
    ] {
        let driver = Driver::load_with(parameters)?;
        let mut genl = joined()?;
        let node = Node::open(1)?;
        let mapped = Mapped::new(&node)?;
        ensure!(
            mapped.capacity() == capacity && mapped.u32(16) as usize == size,
            "{parameters:?}: {} records of {} bytes",
            mapped.capacity(),
            mapped.u32(16)
        );
        ensure!(mapped.u32(20) == 1 && !mapped.ended() && mapped.head() == 0);
        for _ in 0..3 {
            genl.interrupt(1, 1)?;
        }
        ensure!(mapped.head() == 3);
        drop((mapped, node));
        driver.unload()?;
    }
    Ok(())
}

/// A ring of 16 events that the handler runs around many times, while two readers look at all of
/// it. An event has its own number as its cause, so one that is put together of two shows.
fn storm() -> Result<()> {
    const EVENTS: u32 = 1000;
    let _driver = Driver::load_with("history=16")?;
    let mut genl = joined()?;
    let node = Node::open(0)?;
    let mapped = &Mapped::new(&node)?;
    let last = u64::from(EVENTS);
    let read = thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let (mut read, mut lost) = (0, 0);
                    let mut next = 1;
                    while next <= last {
                        match mapped.get(next)? {
                            Found::NotYet => thread::yield_now(),
                            Found::Lost => {
                                let oldest = mapped.head() - mapped.capacity() + 1;
                                lost += oldest.max(next + 1) - next;
                                next = oldest.max(next + 1);
                            }
                            Found::Event(record) => {
                                ensure!(
                                    record.seq == next && u64::from(record.cause) == next,
                                    "{record:?}"
                                );
                                read += 1;
                                next += 1;
                            }
                        }
                    }
                    ensure!(read + lost == last, "{read} read and {lost} lost");
                    Ok(read)
                })
            })
            .collect();
        for cause in 1..=EVENTS {
            genl.interrupt(0, cause)?;
        }
        let mut read = 0;
        for reader in readers {
            read += reader.join().ok().context("a reader panicked")??;
        }
        anyhow::Ok(read)
    })?;
    ensure!(read > 0, "nothing was read");
    Ok(())
}

/// Polls the file, and tells it how far it has read by itself.
fn sleeps() -> Result<()> {
    const EVENTS: u64 = 200;
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let node = &Node::open(0)?;
    let mapped = &Mapped::new(node)?;
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut next = 1;
            while next <= EVENTS {
                node.poll(nix::poll::PollTimeout::NONE)?;
                while let Found::Event(record) = mapped.get(next)? {
                    ensure!(record.seq == next, "{record:?}");
                    next += 1;
                }
                node.set_next(next)?;
            }
            Ok(())
        });
        for _ in 0..EVENTS {
            genl.interrupt(0, 1)?;
        }
        reader.join().ok().context("the reader panicked")?
    })
}

fn removal() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let address = Driver::bound()?[0].clone();
    let node = Node::open(0)?;
    let mapped = Mapped::new(&node)?;
    genl.interrupt(0, 1)?;
    thread::scope(|scope| {
        let spinning = scope.spawn(|| wait::until("the end", || Ok(mapped.ended().then_some(()))));
        Driver::unbind(&address)?;
        spinning.join().ok().context("the reader panicked")?
    })?;
    // The mapping holds the file, and through it the module, also when the file is closed.
    drop(node);
    ensure!(matches!(mapped.get(1)?, Found::Event(_)));
    ensure!(driver::try_unload() == Err(nix::errno::Errno::EWOULDBLOCK));
    Driver::bind(&address)?;
    let second = Node::open(0)?;
    ensure!(Mapped::new(&second)?.head() == 0);
    ensure!(mapped.ended() && mapped.head() == 1);
    Ok(())
}
