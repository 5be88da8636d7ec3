//! Which devices are there, and which came or went. Pure: it is told what was seen.
//!
//! The driver announces no device. What tells of them is a list of all, an event of a device that was not
//! known, or of a new life of one that was, and the end of the driver.

use crate::memory::LifeId;
use std::collections::{BTreeMap, HashMap};

/// A device came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The device's life.
    pub life: LifeId,
    /// Its PCI address, if it is known.
    pub address: Option<String>,
    /// Whether it came.
    pub came: bool,
}

/// The devices that are there.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    /// By instance number: incarnation and PCI address.
    there: BTreeMap<u32, (u64, Option<String>)>,
    /// The last incarnation of each device that has gone. What is told of it late brings it not back.
    gone: HashMap<u32, u64>,
}

impl Presence {
    /// These are there, and nobody is to be told.
    pub fn new(devices: impl IntoIterator<Item = (LifeId, Option<String>)>) -> Self {
        let there = devices
            .into_iter()
            .map(|((device, incarnation), address)| (device, (incarnation, address)));
        Self {
            there: there.collect(),
            gone: HashMap::new(),
        }
    }

    /// A device was seen in this life.
    pub fn seen(&mut self, life: LifeId, address: &str) -> Vec<Change> {
        let (device, incarnation) = life;
        let known = self.there.get(&device).map(|&(incarnation, _)| incarnation);
        let is_late = self
            .gone
            .get(&device)
            .is_some_and(|&gone| incarnation <= gone);
        if known == Some(incarnation) || is_late {
            return Vec::new();
        }
        let mut changes: Vec<Change> = self.went(device).into_iter().collect();
        let address = Some(address.to_owned());
        self.there.insert(device, (incarnation, address.clone()));
        changes.push(Change {
            life,
            address,
            came: true,
        });
        changes
    }

    /// These devices are there and no others.
    pub fn seen_all<'a>(
        &mut self,
        devices: impl IntoIterator<Item = (LifeId, &'a str)>,
    ) -> Vec<Change> {
        let devices: BTreeMap<LifeId, &str> = devices.into_iter().collect();
        let missing: Vec<u32> = self
            .there
            .iter()
            .filter(|&(&device, &(incarnation, _))| !devices.contains_key(&(device, incarnation)))
            .map(|(&device, _)| device)
            .collect();
        let mut changes: Vec<Change> = missing
            .into_iter()
            .filter_map(|device| self.went(device))
            .collect();
        for (life, address) in devices {
            changes.extend(self.seen(life, address));
        }
        changes
    }

    fn went(&mut self, device: u32) -> Option<Change> {
        let (incarnation, address) = self.there.remove(&device)?;
        self.gone.insert(device, incarnation);
        Some(Change {
            life: (device, incarnation),
            address,
            came: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0000:00:02.0";

    /// Expects these changes, each as device, incarnation, and whether it came.
    fn check(changes: &[Change], expected: &[(u32, u64, bool)]) {
        let found: Vec<_> = changes
            .iter()
            .map(|change| (change.life.0, change.life.1, change.came))
            .collect();
        assert_eq!(found, expected);
    }

    fn seen_all(presence: &mut Presence, lives: &[LifeId]) -> Vec<Change> {
        presence.seen_all(lives.iter().map(|&life| (life, ADDRESS)))
    }

    #[test]
    fn devices_come_and_go_once() {
        let mut presence = Presence::default();
        check(
            &seen_all(&mut presence, &[(0, 5), (1, 6)]),
            &[(0, 5, true), (1, 6, true)],
        );
        check(&seen_all(&mut presence, &[(0, 5), (1, 6)]), &[]);
        check(&seen_all(&mut presence, &[(1, 6)]), &[(0, 5, false)]);
        check(&seen_all(&mut presence, &[]), &[(1, 6, false)]);
        check(&seen_all(&mut presence, &[]), &[]);
    }

    #[test]
    fn new_life_is_a_departure_and_an_arrival() {
        let mut presence = Presence::new([((0, 5), None)]);
        check(&presence.seen((0, 5), ADDRESS), &[]);
        check(
            &presence.seen((0, 7), ADDRESS),
            &[(0, 5, false), (0, 7, true)],
        );
        check(
            &seen_all(&mut presence, &[(0, 8)]),
            &[(0, 7, false), (0, 8, true)],
        );
    }

    #[test]
    fn late_event_of_a_device_that_went_brings_it_not_back() {
        let mut presence = Presence::new([((0, 5), None)]);
        seen_all(&mut presence, &[]);
        check(&presence.seen((0, 5), ADDRESS), &[]);
        check(&presence.seen((0, 6), ADDRESS), &[(0, 6, true)]);
    }
}
