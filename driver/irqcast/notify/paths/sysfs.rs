// SPDX-License-Identifier: GPL-2.0

//! Delivery path: those who poll the attribute `events` in sysfs, which shows the sequence number of
//! the last event.

use kernel::{
    prelude::*,
    sync::SetOnce, //
};

use crate::irqcast::device_attribute::Node;

use super::{
    super::{
        counters::Counters,
        record::Record, //
    },
    Deliver, //
};

/// Name of the attribute.
pub(in crate::irqcast::notify) const NAME: &CStr = c"events";

/// Those who poll the attribute of one device.
pub(in crate::irqcast::notify) struct Sysfs {
    /// The attribute, from when there is one. It stays when the attribute is removed.
    node: SetOnce<Node>,
}

impl Sysfs {
    /// There is no attribute yet.
    pub(in crate::irqcast::notify) const fn new() -> Self {
        Self {
            node: SetOnce::new(),
        }
    }

    /// The attribute is there.
    pub(in crate::irqcast::notify) fn attach(&self, node: Node) {
        self.node.populate(node);
    }

    /// Wakes all up: something happened, or the attribute has been removed.
    #[inline]
    pub(in crate::irqcast::notify) fn wake_up(&self) {
        if let Some(node) = self.node.as_ref() {
            node.notify();
        }
    }
}

impl Deliver for Sysfs {
    #[inline]
    fn deliver(&self, _record: &Record, _counters: &Counters) {
        self.wake_up();
    }
}
