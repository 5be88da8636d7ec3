//! Reading and polling the character device.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::libc;
use nix::poll::{PollFlags, PollTimeout};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

use crate::case::{Case, Mode};
use crate::driver::{self, Driver};
use crate::node::{Node, RECORD, command, fails_with};
use crate::raw::{Genl, op, request, u32_attribute};
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("chardev", "read_returns_each_event", reads_each_event);
    cases.extend([
        Case::new("chardev::data_of_events_is_there", data),
        Case::new("chardev::each_file_has_its_own_queue", own_queues),
        Case::new("chardev::read_waits_or_says_again", waits_or_not),
        Case::new("chardev::a_signal_ends_the_wait", interrupted),
        Case::new("chardev::short_reads_lose_nothing", short_reads),
        Case::new("chardev::overrun_is_told_to_its_reader", overrun),
        Case::new("chardev::ioctl_returns_an_event", ioctl_next),
        Case::new("chardev::history_is_read_again", set_next),
        Case::new("chardev::poll_and_epoll_wake_up", poll_and_epoll),
        Case::new("chardev::switched_off_wakes_nobody", switched_off),
        Case::new("chardev::payload_follows_the_record", payload),
        Case::new("chardev::handler_is_measured", measured),
        Case::new("chardev::many_readers_get_every_event", many_readers).within(1800),
    ]);
    cases
}

/// Makes device 0 interrupt `count` times, one after the other.
fn interrupt(genl: &mut Genl, count: u32) -> Result<()> {
    for cause in 1..=count {
        genl.interrupt(0, cause)?;
    }
    Ok(())
}

fn joined() -> Result<Genl> {
    let genl = Genl::open()?;
    genl.join()?;
    Ok(genl)
}

fn reads_each_event(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = joined()?;
    let node = Node::open(0)?;
    let events: Vec<_> = (1..=5)
        .map(|cause| genl.interrupt(0, cause))
        .collect::<Result<_>>()?;
    let mut records = node.read(2)?;
    ensure!(records.len() == 2, "{records:?}");
    records.extend(node.read(100)?);
    ensure!(records.len() == events.len(), "{records:?}");
    for (record, event) in records.iter().zip(&events) {
        ensure!(
            record.seq == event.seq
                && record.time_ns == event.time_ns
                && record.device == 0
                && record.cause == event.cause
                && record.present == 0
                && record.lost == 0,
            "{event:?} was read as {record:?}"
        );
    }
    Ok(())
}

fn data() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let node = Node::open(0)?;
    let mut genl = Genl::open()?;
    for (operation, attribute, argument, place, expected) in [
        (op::FACTORIAL, request::ARGUMENT, 5, 0, 120),
        (op::DMA, request::BYTES, 64, 1, 64),
    ] {
        let payload = [
            u32_attribute(request::DEVICE, 0),
            u32_attribute(attribute, argument),
        ];
        let answer = genl.request(operation, 0, &payload.concat())?;
        ensure!(answer.errno == 0, "{answer:?}");
        let records = node.read(1)?;
        ensure!(
            records[0].present == 1 << place && records[0].data[place] == expected,
            "{records:?}"
        );
    }
    Ok(())
}

fn own_queues() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let early = Node::open_nonblocking(0)?;
    interrupt(&mut genl, 2)?;
    let late = Node::open_nonblocking(0)?;
    let other = Node::open_nonblocking(1)?;
    fails_with(late.read(1), libc::EAGAIN)?;
    interrupt(&mut genl, 1)?;
    for (node, first, count) in [(&early, 1, 3), (&late, 3, 1)] {
        let records = node.read(10)?;
        ensure!(
            records.len() == count && records[0].seq == first,
            "{records:?}"
        );
    }
    fails_with(other.read(1), libc::EAGAIN)
}

fn waits_or_not() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let node = Node::open_nonblocking(0)?;
    fails_with(node.read(1), libc::EAGAIN)?;
    let mut small = [0u8; RECORD - 1];
    fails_with(
        node.read_raw(small.as_mut_ptr().cast(), small.len()),
        libc::EINVAL,
    )?;
    let waiting = Node::open(0)?;
    fails_with(read_nowait(&waiting), libc::EAGAIN)?;
    thread::scope(|scope| {
        let reader = scope.spawn(|| waiting.read(1));
        // Whether the reader sleeps by now or not, it has to see the event.
        interrupt(&mut genl, 1)?;
        let records = reader.join().ok().context("the reader panicked")??;
        ensure!(records[0].seq == 1, "{records:?}");
        Ok(())
    })
}

/// A read that must not wait although the file may.
fn read_nowait(node: &Node) -> std::io::Result<usize> {
    let mut bytes = [0u8; RECORD];
    let vector = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    let file = node.as_fd().as_raw_fd();
    // SAFETY: the vector names one buffer, which lives during the call.
    let read = unsafe { libc::preadv2(file, &raw const vector, 1, -1, libc::RWF_NOWAIT) };
    usize::try_from(read).map_err(|_| std::io::Error::last_os_error())
}

fn interrupted() -> Result<()> {
    extern "C" fn nothing(_: i32) {}
    use nix::sys::pthread::{pthread_kill, pthread_self};
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

    let _driver = Driver::load(Mode::Msi)?;
    let node = Node::open(0)?;
    // Without SA_RESTART, so that the call ends.
    let action = SigAction::new(
        SigHandler::Handler(nothing),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action)? };
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            sender.send(pthread_self()).map_err(std::io::Error::other)?;
            node.read(1)
        });
        let thread = receiver.recv()?;
        // A signal that comes before the reader sleeps is lost on it, so send more.
        wait::until("the reader to give up", || {
            if reader.is_finished() {
                return Ok(Some(()));
            }
            pthread_kill(thread, Signal::SIGUSR1)?;
            Ok(None)
        })?;
        let result = reader.join().ok().context("the reader panicked")?;
        fails_with(result, libc::EINTR)
    })
}

/// A buffer that ends where memory does. What did not fit as a whole is read later.
fn short_reads() -> Result<()> {
    const PAGE: usize = 4096;
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let node = Node::open_nonblocking(0)?;
    interrupt(&mut genl, 3)?;
    let length = std::num::NonZeroUsize::new(2 * PAGE).context("not zero")?;
    let prot = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: new memory at an address that the kernel chooses.
    let memory = unsafe { mmap_anonymous(None, length, prot, MapFlags::MAP_PRIVATE)? };
    // SAFETY: the second page of the memory above, which nothing uses.
    unsafe { nix::sys::mman::munmap(memory.add(PAGE).cast(), PAGE)? };
    let end = |room: usize| -> *mut libc::c_void { memory.as_ptr().wrapping_byte_add(PAGE - room) };
    fails_with(node.read_raw(end(RECORD - 4), 3 * RECORD), libc::EFAULT)?;
    fails_with(node.ioctl(command::NEXT, end(RECORD - 4)), libc::EFAULT)?;
    let read = node.read_raw(end(2 * RECORD - 4), 3 * RECORD)?;
    ensure!(read == RECORD, "{read} bytes");
    let rest = node.read(10)?;
    ensure!(
        rest.len() == 2 && rest[0].seq == 2 && rest[0].lost == 0,
        "{rest:?}"
    );
    Ok(())
}

fn overrun() -> Result<()> {
    const CAPACITY: u64 = 16;
    const LOST: u64 = 24;
    let _driver = Driver::load_with(&format!("history={CAPACITY}"))?;
    let mut genl = joined()?;
    let late = Node::open_nonblocking(0)?;
    interrupt(&mut genl, u32::try_from(LOST)?)?;
    let punctual = Node::open_nonblocking(0)?;
    interrupt(&mut genl, u32::try_from(CAPACITY)?)?;
    for (node, lost) in [(&late, LOST), (&punctual, 0)] {
        let records = node.read(100)?;
        let seqs: Vec<_> = records.iter().map(|record| record.seq).collect();
        let expected: Vec<_> = (LOST + 1..=LOST + CAPACITY).collect();
        ensure!(seqs == expected, "{records:?}");
        ensure!(records[0].lost == lost, "{records:?}");
        ensure!(
            records[1..].iter().all(|record| record.lost == 0),
            "told more than once: {records:?}"
        );
    }
    let device = tool::device(0)?;
    ensure!(
        tool::counter(&device, "reader_overruns")? == LOST,
        "{device}"
    );
    Ok(())
}

fn ioctl_next() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    // Also where the file may wait: the command never does.
    let node = Node::open(0)?;
    fails_with(node.next(), libc::EAGAIN)?;
    interrupt(&mut genl, 2)?;
    fails_with(
        node.ioctl(command::NEXT, std::ptr::null_mut()),
        libc::EFAULT,
    )?;
    for seq in [1, 2] {
        let record = node.next()?;
        ensure!(record.seq == seq, "{record:?}");
    }
    fails_with(node.next(), libc::EAGAIN)?;
    let mut bytes = [0u8; RECORD];
    for unknown in [0, command::NEXT + 7, command::NEXT & 0xffff] {
        fails_with(node.ioctl(unknown, bytes.as_mut_ptr().cast()), libc::ENOTTY)?;
    }
    Ok(())
}

fn set_next() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    interrupt(&mut genl, 4)?;
    let node = Node::open_nonblocking(0)?;
    for wrong in [0, 6, u64::MAX] {
        fails_with(node.set_next(wrong), libc::ERANGE)?;
    }
    for (next, expected) in [(1, 4), (3, 2), (5, 0)] {
        node.set_next(next)?;
        let found = match node.read(100) {
            Ok(records) => records.len(),
            Err(_) => 0,
        };
        ensure!(found == expected, "{found} events from {next} on");
    }
    Ok(())
}

fn poll_and_epoll() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let node = Node::open_nonblocking(0)?;
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(
        &node,
        EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, 7),
    )?;
    let mut events = [EpollEvent::empty(); 2];
    for _ in 0..3 {
        let ready = node.poll(PollTimeout::ZERO)?;
        ensure!(ready.is_empty(), "nothing happened: {ready:?}");
        ensure!(epoll.wait(&mut events, EpollTimeout::ZERO)? == 0);
        thread::scope(|scope| {
            let poller = scope.spawn(|| node.poll(PollTimeout::NONE));
            interrupt(&mut genl, 1)?;
            let ready = poller.join().ok().context("the poller panicked")??;
            ensure!(ready == PollFlags::POLLIN, "{ready:?}");
            anyhow::Ok(())
        })?;
        let ready = epoll.wait(&mut events, EpollTimeout::NONE)?;
        ensure!(ready == 1 && events[0].data() == 7);
        // Still there for poll; told once by edge-triggered epoll.
        ensure!(node.poll(PollTimeout::ZERO)? == PollFlags::POLLIN);
        ensure!(epoll.wait(&mut events, EpollTimeout::ZERO)? == 0);
        ensure!(node.read(10)?.len() == 1);
    }
    Ok(())
}

/// Nobody is woken up, but who looks finds the events.
fn switched_off() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let node = Node::open_nonblocking(0)?;
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(
        &node,
        EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, 7),
    )?;
    tool::json(&["set", "--paths", "netlink-multicast"])?;
    interrupt(&mut genl, 1)?;
    let mut events = [EpollEvent::empty(); 2];
    ensure!(
        epoll.wait(&mut events, EpollTimeout::from(200u8))? == 0,
        "somebody was woken up"
    );
    ensure!(node.poll(PollTimeout::ZERO)? == PollFlags::POLLIN);
    ensure!(node.read(10)?.len() == 1);
    Ok(())
}

fn payload() -> Result<()> {
    const BYTES: usize = 100;
    let size = RECORD + BYTES.next_multiple_of(8);
    let _driver = Driver::load_with(&format!("payload={BYTES}"))?;
    let mut genl = joined()?;
    let node = Node::open_nonblocking(0)?;
    interrupt(&mut genl, 2)?;
    let mut bytes = vec![0u8; 10 * size];
    fails_with(
        node.read_raw(bytes.as_mut_ptr().cast(), size - 1),
        libc::EINVAL,
    )?;
    let read = node.read_raw(bytes.as_mut_ptr().cast(), bytes.len())?;
    ensure!(read == 2 * size, "{read} bytes");
    for (record, seq) in bytes[..read].chunks_exact(size).zip(1..) {
        ensure!(crate::node::Record::decode(record)?.seq == seq);
        ensure!(record[RECORD..].iter().all(|byte| *byte == 0xa5));
    }
    Ok(())
}

fn measured() -> Result<()> {
    for (parameter, is_measured) in [("", false), ("measure=1", true)] {
        let driver = Driver::load_with(parameter)?;
        let mut genl = joined()?;
        let node = Node::open(0)?;
        interrupt(&mut genl, 2)?;
        // The second interrupt was handled after the first handler had returned.
        let record = node.next()?;
        ensure!((record.handler_ns > 0) == is_measured, "{record:?}");
        drop(node);
        driver.unload()?;
    }
    Ok(())
}

fn many_readers() -> Result<()> {
    const READERS: usize = 8;
    const EVENTS: u64 = 500;
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = joined()?;
    let nodes: Vec<_> = (0..READERS)
        .map(|_| Node::open(0))
        .collect::<std::io::Result<_>>()?;
    thread::scope(|scope| {
        let readers: Vec<_> = nodes
            .iter()
            .map(|node| {
                scope.spawn(move || {
                    let mut next = 1;
                    while next <= EVENTS {
                        for record in node.read(7)? {
                            ensure!(record.seq == next && record.lost == 0, "{record:?}");
                            next += 1;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for _ in 0..EVENTS {
            genl.interrupt(0, 1)?;
        }
        readers
            .into_iter()
            .try_for_each(|reader| reader.join().ok().context("a reader panicked")?)
    })?;
    drop(nodes);
    driver::unload_if_loaded()
}
