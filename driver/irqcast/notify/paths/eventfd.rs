// SPDX-License-Identifier: GPL-2.0

//! Delivery path: eventfds that processes have handed over.

use kernel::{
    prelude::*,
    sync::{
        new_mutex,
        rcu,
        Arc,
        Mutex, //
    }, //
};

use crate::irqcast::{
    eventfd::EventFd,
    rcu_cell::RcuCell, //
};

use super::{
    super::{
        counters::Counters,
        record::Record, //
    },
    Deliver, //
};

/// How many eventfds a device signals at most: each makes the handler longer.
const LIMIT: usize = 1024;

/// The open file that an eventfd was handed over through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::irqcast::notify) struct Owner(usize);

impl Owner {
    /// Whoever has `file`, for as long as that stays where it is.
    pub(in crate::irqcast::notify) fn of<T>(file: &T) -> Self {
        Self(core::ptr::from_ref(file).addr())
    }
}

/// An eventfd, and who has handed it over.
#[derive(Clone)]
struct Entry {
    owner: Owner,
    eventfd: Arc<EventFd>,
}

/// The eventfds that are signalled for each event of one device.
#[pin_data]
pub(in crate::irqcast::notify) struct Eventfd {
    /// No value stands for none.
    entries: RcuCell<KVec<Entry>>,
    /// Taken by whoever changes them.
    #[pin]
    change: Mutex<()>,
}

impl Eventfd {
    /// There are none.
    pub(in crate::irqcast::notify) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            entries: RcuCell::new(),
            change <- new_mutex!((), "Eventfd::change"),
        })
    }

    /// Adds an eventfd. Sleeps.
    ///
    /// Returns [`EEXIST`] when `owner` has handed it over before, and [`ENOSPC`] when there are too
    /// many.
    pub(in crate::irqcast::notify) fn add(&self, owner: Owner, eventfd: EventFd) -> Result {
        let eventfd = Arc::new(eventfd, GFP_KERNEL)?;

        self.edit(|entries| {
            if entries.iter().any(|entry| entry.is(owner, &eventfd)) {
                return Err(EEXIST);
            }
            if entries.len() >= LIMIT {
                return Err(ENOSPC);
            }
            Ok(entries.push(Entry { owner, eventfd }, GFP_KERNEL)?)
        })
    }

    /// Takes an eventfd away. Sleeps until it is not signalled any more.
    ///
    /// Returns [`ENOENT`] when `owner` has not handed it over.
    pub(in crate::irqcast::notify) fn remove(&self, owner: Owner, eventfd: &EventFd) -> Result {
        self.edit(|entries| {
            let before = entries.len();
            entries.retain(|entry| !entry.is(owner, eventfd));
            if entries.len() == before {
                Err(ENOENT)
            } else {
                Ok(())
            }
        })
    }

    /// Takes away all that `owner` has handed over. Sleeps until they are not signalled any more.
    pub(in crate::irqcast::notify) fn remove_all(&self, owner: Owner) {
        if self.entries.is_empty() {
            return;
        }

        let keep = |entry: &mut Entry| entry.owner != owner;
        let edited = self.edit(|entries| {
            entries.retain(keep);
            Ok(())
        });
        if edited.is_err() {
            // There is no memory for a copy. While the list itself is changed nobody is signalled,
            // so signal once for all that may have happened.
            let _changing = self.change.lock();
            if let Some(mut entries) = self.entries.replace(None) {
                entries.retain(keep);
                self.entries.replace(Some(entries));
            }
            self.end();
        }
    }

    /// Signals all once more, such as when there will be no more events.
    pub(in crate::irqcast::notify) fn end(&self) {
        if let Some(entries) = self.entries.read(&rcu::read_lock()) {
            signal_all(entries);
        }
    }

    /// Lets `change` change a copy of the list, which takes the place of the list if it succeeds.
    fn edit(&self, change: impl FnOnce(&mut KVec<Entry>) -> Result) -> Result {
        let _changing = self.change.lock();
        let length = self.entries.read(&rcu::read_lock()).map_or(0, KVec::len);
        let mut copy = KVec::with_capacity(length + 1, GFP_KERNEL)?;
        // Nobody else changes the list, so there is room for it.
        if let Some(entries) = self.entries.read(&rcu::read_lock()) {
            copy.extend_from_slice(entries, GFP_ATOMIC)?;
        }

        change(&mut copy)?;
        let list = if copy.is_empty() {
            None
        } else {
            Some(KBox::new(copy, GFP_KERNEL)?)
        };
        self.entries.replace(list);
        Ok(())
    }
}

impl Entry {
    fn is(&self, owner: Owner, eventfd: &EventFd) -> bool {
        self.owner == owner && self.eventfd.is_same(eventfd)
    }
}

fn signal_all(entries: &[Entry]) {
    for entry in entries {
        entry.eventfd.signal();
    }
}

impl Deliver for Eventfd {
    #[inline]
    fn deliver(&self, _record: &Record, counters: &Counters) {
        if self.entries.is_empty() {
            return;
        }

        let guard = rcu::read_lock();
        if let Some(entries) = self.entries.read(&guard) {
            signal_all(entries);
            counters.count_eventfd_signals(entries.len() as u64);
        }
    }
}
