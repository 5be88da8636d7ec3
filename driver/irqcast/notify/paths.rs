// SPDX-License-Identifier: GPL-2.0

//! The delivery paths: ways on which a device's event reaches user space.
//!
//! Each is a file of this folder and implements [`Deliver`]. The set of them is closed: a new one
//! gets a bit in `spec/irqcast.yaml`, a [`Path`], and its place in [`Paths::deliver`]. Before any of
//! them is asked, the event is in the ring, so none can lose it for another.

pub(super) mod chardev;
pub(super) mod eventfd;
pub(super) mod netlink_multicast;
pub(super) mod netlink_unicast;
pub(super) mod signal;
pub(super) mod sysfs;

use kernel::{
    prelude::*,
    sync::Arc, //
};

use crate::irqcast::{
    genetlink::Group,
    protocol::{
        path,
        PATHS_MAX, //
    }, //
};

use super::{
    counters::Counters,
    record::Record,
    sender::{
        Sender,
        Then, //
    },
    source::Source,
    taps::Obeying,
    word::Word, //
};

/// A way on which an event reaches user space.
pub(super) trait Deliver {
    /// Tells of an event.
    ///
    /// Called by the interrupt handler, in hard interrupt context, for one event after the other.
    /// It must not wait, and returns soon when nobody listens. What becomes of the event it counts.
    fn deliver(&self, record: &Record, counters: &Counters);
}

/// A delivery path.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Path {
    /// A netlink message to a multicast group.
    NetlinkMulticast = 1 << path::NETLINK_MULTICAST,
    /// A netlink message to each port that has registered.
    NetlinkUnicast = 1 << path::NETLINK_UNICAST,
    /// A wake-up of readers and pollers of the character device.
    Chardev = 1 << path::CHARDEV,
    /// A signal to files of the character device that asked for it.
    Signal = 1 << path::SIGNAL,
    /// A signal to each eventfd that was handed over.
    Eventfd = 1 << path::EVENTFD,
    /// A wake-up of pollers of the attribute in sysfs.
    Sysfs = 1 << path::SYSFS,
}

/// A set of delivery paths.
#[derive(Clone, Copy)]
pub(super) struct PathSet(u32);

impl PathSet {
    /// Returns the set of the paths whose bits are set. Bits that mean nothing are ignored.
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits & PATHS_MAX)
    }

    /// Returns the bits of the paths in the set.
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    /// Returns whether `path` is in the set.
    #[inline]
    pub(super) fn contains(self, path: Path) -> bool {
        self.0 & path as u32 != 0
    }
}

/// Which delivery paths are on. Whoever switches them is heard by the next event.
pub(super) struct Switches(Word);

impl Switches {
    /// These are on, and no others.
    pub(super) fn new(on: PathSet) -> Self {
        Self(Word::new(on.bits().into()))
    }

    /// Returns those that are on.
    #[inline]
    pub(super) fn on(&self) -> PathSet {
        // CAST: It was a `u32`.
        PathSet(self.0.read() as u32)
    }

    /// Switches these on and all others off.
    pub(super) fn switch(&self, on: PathSet) {
        self.0.write(on.bits().into());
    }
}

/// The delivery paths of one device, which its handler uses.
///
/// Those that open files wait on are part of the [`Source`], which the files keep.
pub(super) struct Paths {
    source: Arc<Source>,
    /// Both paths over netlink.
    netlink: Obeying,
}

impl Paths {
    /// Prepares all paths of the device `source`, whose messages go to `group`.
    pub(super) fn new(source: Arc<Source>, group: Group) -> Result<Self> {
        Ok(Self {
            netlink: Obeying::new(Sender::new(source.clone(), group)?)?,
            source,
        })
    }

    /// Tells of an event on the paths that are on.
    #[inline]
    pub(super) fn deliver(&self, record: &Record) -> Then {
        let (source, counters) = (&*self.source, self.source.counters());
        let on = source.on();

        let then = self.netlink.sender().deliver(on, record);
        if on.contains(Path::Chardev) {
            source.chardev().deliver(record, counters);
        }
        if on.contains(Path::Signal) {
            source.signal().deliver(record, counters);
        }
        if on.contains(Path::Eventfd) {
            source.eventfd().deliver(record, counters);
        }
        if on.contains(Path::Sysfs) {
            source.sysfs().deliver(record, counters);
        }
        then
    }

    /// Does what was left to the interrupt's thread.
    pub(super) fn run_thread(&self) {
        self.netlink.sender().run_thread();
    }

    /// Tells what has not been told yet. To be called when there is no handler any more.
    pub(super) fn finish(&self) {
        self.netlink.sender().finish();
    }
}

#[kunit_tests(irqcast_paths)]
mod tests {
    use super::*;

    #[test]
    fn switches_hold_what_was_switched() {
        let all = PathSet::from_bits(u32::MAX);
        assert_eq!(all.bits(), PATHS_MAX);
        let switches = Switches::new(all);
        assert!(switches.on().contains(Path::NetlinkMulticast));
        switches.switch(PathSet::from_bits(0));
        assert!(!switches.on().contains(Path::NetlinkMulticast));
    }
}
