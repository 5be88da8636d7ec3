//! Raises as fast as it can while something else is tried, and no faster than listeners can keep up.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::Result;

use crate::raw::Genl;

/// Raises that listeners may be behind: a quarter of what the queue of a [`Genl`] holds.
const AHEAD: u64 = 5_000;

/// What the thread that raises and the one that listens tell each other.
#[derive(Default)]
pub struct Raiser {
    is_over: AtomicBool,
    read: AtomicU64,
}

impl Raiser {
    /// Raises on device 0 until [`Self::stop`].
    pub fn run(&self) -> Result<()> {
        let mut genl = Genl::open()?;
        let mut raised = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            if raised > self.read.load(Ordering::Relaxed) + AHEAD {
                thread::yield_now();
                continue;
            }
            genl.raise(0, 1)?;
            raised += 1;
        }
        Ok(())
    }

    /// Listeners have read the event `seq`.
    pub fn read(&self, seq: u64) {
        self.read.store(seq, Ordering::Relaxed);
    }

    /// Ends [`Self::run`].
    pub fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
