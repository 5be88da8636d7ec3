// SPDX-License-Identifier: GPL-2.0

//! Delivery path: a signal to each open file of the character device that asked for it.

use crate::irqcast::chardev::{
    Band,
    SignalQueue, //
};

use super::{
    super::{
        counters::Counters,
        record::Record, //
    },
    Deliver, //
};

/// Those who want a signal for each event of one device.
pub(in crate::irqcast::notify) struct Signal {
    queue: SignalQueue,
}

impl Signal {
    /// Nobody wants one.
    pub(in crate::irqcast::notify) const fn new() -> Self {
        Self {
            queue: SignalQueue::new(),
        }
    }

    /// Returns the queue in which files wait for signals.
    pub(in crate::irqcast::notify) fn queue(&self) -> &SignalQueue {
        &self.queue
    }

    /// Signals that there will be no more events.
    pub(in crate::irqcast::notify) fn end(&self) {
        self.queue.signal(Band::HungUp);
    }
}

impl Deliver for Signal {
    #[inline]
    fn deliver(&self, _record: &Record, counters: &Counters) {
        let signals = self.queue.signal(Band::Readable);
        if signals > 0 {
            counters.count_signals(signals.into());
        }
    }
}
