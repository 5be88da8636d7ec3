//! How long the handler waits for sockets that come and go.
//!
//! Whoever binds, joins or closes holds the lock of netlink's table of sockets for writing
//! (`netlink_table_grab` in net/netlink/af_netlink.c), and a broadcast takes it for reading.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
};

use anyhow::{Context as _, Result, anyhow};
use irqcast_bench::schema::{Distribution, Joining, Listener, PathRun};

use super::{Bench, latency};
use crate::{
    netlink::{self, Family},
    paths::{Context as From, Options, Path},
    schedule::{self, Urgency},
    target,
};

/// Events for each sample of another measurement: what is looked for is rare.
const EVENTS_PER_SAMPLE: u64 = 8;

/// Measures the handler's time, alone and beside another processor that opens, joins and closes.
pub fn measure(bench: &Bench<'_>, path: &Path, _: Listener, run: &mut PathRun) -> Result<()> {
    let options = Options {
        measure: true,
        // The handler is to send, also while there are more.
        context: Some(From::Hard),
        ..Options::default()
    };
    let mut source = (path.open)(&bench.device, &options)?;
    let registers = latency::ready(bench)?;
    let mut one = source.receiver(Listener::Blocking)?;
    let group = Family::find(target::family())?.group("events")?;
    let events = u64::from(bench.plan.samples) * EVENTS_PER_SAMPLE;
    let mut handlers = || -> Result<Vec<u64>> {
        let mut handlers = Vec::new();
        for _ in 0..events {
            registers.raise();
            // The event is there already, so this waits for nothing, and the queue stays short.
            one.receive()?;
            handlers.extend(source.handler_ns());
        }
        Ok(handlers)
    };
    let quiet = handlers()?;
    let (is_over, sockets) = (AtomicBool::new(false), AtomicU64::new(0));
    let beside = thread::scope(|scope| {
        let joiner = scope.spawn(|| -> Result<()> {
            schedule::place(bench.listeners_processor(), Urgency::Normal)?;
            while !is_over.load(Relaxed) {
                drop(netlink::joined(group)?);
                sockets.fetch_add(1, Relaxed);
            }
            Ok(())
        });
        let handlers = handlers();
        is_over.store(true, Relaxed);
        joiner.join().map_err(|_| anyhow!("a thread panicked"))??;
        handlers
    })?;
    run.joining = Some(Joining {
        sockets: sockets.into_inner(),
        quiet_ns: Distribution::of(&quiet).context("there are no times")?,
        handler_ns: Distribution::of(&beside).context("there are no times")?,
    });
    Ok(())
}
