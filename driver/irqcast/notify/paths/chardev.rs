// SPDX-License-Identifier: GPL-2.0

//! Delivery path: readers and pollers of the character device.
//!
//! They read from the ring, each file with its own place in it, so there is nothing to deliver but
//! the wake-up.

use kernel::prelude::*;

use crate::irqcast::chardev::{
    Readiness,
    WaitQueue, //
};

use super::{
    super::{
        counters::Counters,
        record::Record, //
    },
    Deliver, //
};

/// Those who wait for the events of one device.
#[pin_data]
pub(in crate::irqcast::notify) struct Chardev {
    #[pin]
    waiting: WaitQueue,
}

impl Chardev {
    /// Nobody waits.
    pub(in crate::irqcast::notify) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            waiting <- WaitQueue::new(c"irqcast_readers", kernel::static_lock_class!()),
        })
    }

    /// Returns the queue to wait in.
    pub(in crate::irqcast::notify) fn waiting(&self) -> &WaitQueue {
        &self.waiting
    }

    /// Wakes all up: there will be no more events.
    pub(in crate::irqcast::notify) fn end(&self) {
        self.waiting
            .wake_up(Readiness::READABLE.and(Readiness::HUNG_UP));
    }
}

impl Deliver for Chardev {
    #[inline]
    fn deliver(&self, _record: &Record, _counters: &Counters) {
        self.waiting.wake_up(Readiness::READABLE);
    }
}
