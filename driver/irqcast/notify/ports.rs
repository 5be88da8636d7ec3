// SPDX-License-Identifier: GPL-2.0

//! The ports that have registered for the events of a device.

use kernel::prelude::*;

use crate::irqcast::genetlink::Port;

use super::word::Word;

/// How many ports may register for a device.
const MAX: usize = 256;

/// Ports that want the events of a device.
///
/// The handler reads them without a lock while they change: a port that comes or goes gets the event
/// that is just being sent, or does not.
pub(super) struct Ports {
    /// IDs in any order, 0 for a place that is free.
    places: [Word; MAX],
    /// Number of places up to the last that is taken.
    used: Word,
    /// Number of places that are taken.
    count: Word,
}

impl Ports {
    /// No ports.
    pub(super) const fn new() -> Self {
        Self {
            places: [const { Word::new(0) }; MAX],
            used: Word::new(0),
            count: Word::new(0),
        }
    }

    /// Returns how many ports there are.
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.count.read()
    }

    /// Calls `send` with each port.
    pub(super) fn for_each(&self, mut send: impl FnMut(Port)) {
        // CAST: At most `MAX`.
        let used = self.used.read() as usize;

        self.places
            .iter()
            .take(used)
            // CAST: It was a `u32`.
            .filter_map(|place| Port::new(place.read() as u32).ok())
            .for_each(&mut send);
    }

    /// Adds a port. To be called by one at a time, like [`Self::remove`].
    ///
    /// Returns [`EEXIST`] when it is there already, and [`ENOSPC`] when there are too many.
    pub(super) fn add(&self, port: Port) -> Result {
        if self.find(port.id()).is_some() {
            return Err(EEXIST);
        }

        let free = self.find(0).ok_or(ENOSPC)?;
        self.places[free].write(port.id().into());
        self.count.add(1);
        self.set_used();
        Ok(())
    }

    /// Removes a port. Returns [`ENOENT`] when it is not there.
    pub(super) fn remove(&self, port: Port) -> Result {
        let place = self.find(port.id()).ok_or(ENOENT)?;
        self.places[place].write(0);
        self.count.write(self.count.read() - 1);
        self.set_used();
        Ok(())
    }

    fn find(&self, id: u32) -> Option<usize> {
        self.places
            .iter()
            .position(|place| place.read() == u64::from(id))
    }

    fn set_used(&self) {
        let last = self.places.iter().rposition(|place| place.read() != 0);
        self.used.write(last.map_or(0, |last| last as u64 + 1));
    }
}

#[kunit_tests(irqcast_ports)]
mod tests {
    use super::*;

    fn ids(ports: &Ports) -> Result<KVec<u32>> {
        let mut ids = KVec::with_capacity(MAX, GFP_KERNEL)?;
        ports.for_each(|port| {
            let _ = ids.push_within_capacity(port.id());
        });
        Ok(ids)
    }

    #[test]
    fn ports_come_and_go() -> Result {
        let ports = KBox::new(Ports::new(), GFP_KERNEL)?;
        let port = Port::new;

        for id in [5, 6, 7] {
            ports.add(port(id)?)?;
        }
        assert_eq!(ports.add(port(6)?), Err(EEXIST));
        ports.remove(port(6)?)?;
        assert_eq!(ports.remove(port(6)?), Err(ENOENT));
        assert_eq!(ids(&ports)?[..], [5, 7]);
        ports.add(port(8)?)?;
        assert_eq!(ids(&ports)?[..], [5, 8, 7]);
        ports.remove(port(7)?)?;
        assert_eq!((ports.count(), ports.used.read()), (2, 2));
        Ok(())
    }

    #[test]
    fn there_is_room_for_many() -> Result {
        let ports = KBox::new(Ports::new(), GFP_KERNEL)?;
        for id in 0..MAX {
            ports.add(Port::new(id as u32 + 1)?)?;
        }
        assert_eq!(ports.add(Port::new(u32::MAX)?), Err(ENOSPC));
        assert_eq!(ids(&ports)?.len(), MAX);
        Ok(())
    }
}
