//! What makes sending from the hard interrupt handler unsafe, one answer a test. Each fails on a
//! driver without the answer; docs/architecture.md says which other tests belong to them.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::case::{Case, Machine, Mode};
use crate::driver::{Driver, interrupt_line};
use crate::raw::Genl;
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    vec![
        // Only the debug kernel (DEBUG_NET) says when a destructor runs in a hard interrupt.
        Case::new(
            "hazards::fast_reader_leaves_the_handler_nothing_to_free",
            fast_reader,
        )
        .only_on(&["debug"])
        .within(300),
        Case::new("hazards::handler_may_be_made_a_thread", threaded).on(Machine {
            append: "threadirqs",
            ..Machine::default()
        }),
    ]
}

/// Moves the calling thread to a processor.
fn run_on(processor: usize) -> Result<()> {
    let mut processors = CpuSet::new();
    processors.set(processor)?;
    sched_setaffinity(Pid::from_raw(0), &processors).context("failed to move a thread")
}

/// The broadcast is long, since many have joined, and who gets each event first reads it on
/// another processor before it is over. If the broadcast then had the last reference, it would run
/// the destructor of a socket's buffer in hard interrupt context, of which the kernel warns. The
/// others have no room: one that had would take the buffer over from who has read it.
fn fast_reader() -> Result<()> {
    const COUNT: u64 = 200;
    const OTHERS: usize = 64;
    /// Bytes of a queue that is full after some events.
    const SMALL: usize = 4096;
    /// The handler sends, however many receivers there are.
    const HARD: &str = "context=1";
    let _driver = Driver::load_with(HARD)?;
    let line = interrupt_line(&Driver::bound()?[0])?;
    let affinity = Path::new("/proc/irq").join(line).join("smp_affinity_list");
    fs::write(affinity, "0").context("failed to move the interrupt")?;
    let others: Vec<Genl> = (0..OTHERS).map(|_| Genl::open()).collect::<Result<_>>()?;
    for other in &others {
        other.limit_receive_buffer(SMALL)?;
        other.join()?;
    }
    // The kernel serves who joined last first.
    let mut reader = Genl::open()?;
    reader.join()?;
    let read = AtomicU64::new(0);
    thread::scope(|scope| -> Result<()> {
        let reading = scope.spawn(|| -> Result<()> {
            run_on(1)?;
            for seq in 1..=COUNT {
                let event = reader.event(wait::LIMIT)?.context("no event came")?;
                ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
                read.store(seq, Ordering::Release);
            }
            Ok(())
        });
        run_on(0)?;
        let mut raiser = Genl::open()?;
        let raised = (1..=COUNT).try_for_each(|seq| {
            raiser.raise(0, 1)?;
            wait::until("the reader", || {
                let is_read = read.load(Ordering::Acquire) == seq;
                Ok((is_read || reading.is_finished()).then_some(()))
            })
        });
        let reading = reading.join().ok().context("the reader panicked")?;
        raised.and(reading)
    })?;
    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "sent_hard")? == COUNT, "{device}");
    Ok(())
}

/// With `threadirqs`, and always with PREEMPT_RT, handlers are threads. A driver that asked for a
/// handler that cannot be one (`IRQF_NO_THREAD`) would take sleeping locks in a hard interrupt.
fn threaded() -> Result<()> {
    const COUNT: u64 = 100;
    let _driver = Driver::load(Mode::Msi)?;
    let line = interrupt_line(&Driver::bound()?[0])?;
    let name = format!("irq/{line}-");
    let threads = fs::read_dir("/proc")?
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok())
        .filter(|comm| comm.starts_with(&name))
        .count();
    // The handler that became one, and the one that sends where `context` says so.
    ensure!(threads == 2, "the interrupt has {threads} thread(s)");
    let mut listener = Genl::open()?;
    listener.join()?;
    for seq in 1..=COUNT {
        let event = listener.interrupt(0, 1)?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "sent_hard")? == COUNT, "{device}");
    Ok(())
}
