// SPDX-License-Identifier: GPL-2.0

//! All devices: who has which instance number, and which are there to be asked.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        global_lock,
        Arc,
        GlobalGuard, //
    }, //
};

use crate::irqcast::{
    genetlink::{
        Group,
        Registration,
        Request, //
    },
    protocol::{
        request,
        EVENTS_GROUP, //
    }, //
};

use super::source::Source;

/// A device that requests can reach.
pub(super) trait Reachable: Send + Sync {
    /// Returns what the core knows of the device.
    fn source(&self) -> &Arc<Source>;

    /// Does what a request of the device's own asks of it.
    fn request(&self, request: &Request<'_>) -> Result;
}

/// A number that is taken, with the device once it is listed.
struct Entry {
    number: u32,
    device: Option<Arc<dyn Reachable>>,
}

/// All that is known while the service runs.
struct Registry {
    family: Option<Arc<Registration>>,
    /// Sorted by number.
    entries: KVec<Entry>,
}

impl Registry {
    fn entry(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.number == number)
    }

    fn device(&self, number: u32) -> Option<&dyn Reachable> {
        self.entries
            .iter()
            .find(|entry| entry.number == number)
            .and_then(|entry| entry.device.as_deref())
    }
}

global_lock! {
    // SAFETY: It is initialised by `open` before `READY` becomes true, and only used by
    // `lock`, which checks that.
    unsafe(uninit) static REGISTRY: Mutex<Registry> = Registry {
        family: None,
        entries: KVec::new(),
    };
}

/// Whether someone has begun to initialise `REGISTRY`.
static CLAIMED: Atomic<bool> = Atomic::new(false);

/// Whether `REGISTRY` is initialised.
static READY: Atomic<bool> = Atomic::new(false);

/// Locks the registry. Returns [`ENODEV`] when there is none yet.
fn lock() -> Result<GlobalGuard<REGISTRY>> {
    if READY.load(Acquire) {
        Ok(REGISTRY.lock())
    } else {
        Err(ENODEV)
    }
}

/// Opens the registry, without a family yet.
///
/// Returns [`EBUSY`] when it was opened before: it is opened once, when the module is loaded.
pub(super) fn open() -> Result {
    if CLAIMED.xchg(true, Relaxed) {
        return Err(EBUSY);
    }
    // SAFETY: `CLAIMED` was false, so this happens once.
    unsafe { REGISTRY.init() };
    READY.store(true, Release);
    Ok(())
}

/// From here on devices may be bound, and what is asked over `family` is answered.
pub(super) fn set_family(family: Arc<Registration>) -> Result {
    lock()?.family = Some(family);
    Ok(())
}

/// Takes the family back.
pub(super) fn take_family() -> Option<Arc<Registration>> {
    let mut registry = lock().ok()?;
    if registry.entries.is_empty() {
        // Frees the memory, since a `static` is not dropped.
        registry.entries = KVec::new();
    }
    registry.family.take()
}

/// An instance number, which belongs to a device until this is dropped.
pub(crate) struct Instance(u32);

impl Instance {
    /// Takes the lowest number that is free.
    pub(crate) fn take() -> Result<Self> {
        let mut registry = lock()?;

        let entries = &registry.entries;
        let place = first_gap(entries.iter().map(|entry| entry.number));
        let number = u32::try_from(place)?;

        registry.entries.reserve(1, GFP_KERNEL)?;
        registry
            .entries
            .insert_within_capacity(
                place,
                Entry {
                    number,
                    device: None,
                },
            )
            .map_err(|_| ENOMEM)?;
        Ok(Self(number))
    }

    /// Returns the number.
    pub(super) fn number(&self) -> u32 {
        self.0
    }

    /// Returns the group for the device's events.
    pub(super) fn group(&self) -> Result<Group> {
        let registry = lock()?;
        let family = registry.family.as_ref().ok_or(ENODEV)?;
        Group::new(family.clone(), EVENTS_GROUP)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Ok(mut registry) = lock() {
            registry.entries.retain(|entry| entry.number != self.0);
        }
    }
}

/// Returns the place of the first number that is missing in the sorted `numbers`, which is also that
/// number.
fn first_gap(numbers: impl Iterator<Item = u32>) -> usize {
    numbers
        .enumerate()
        .take_while(|(place, number)| *place == *number as usize)
        .count()
}

/// Lets requests reach `device`, which has a number.
pub(super) fn list(device: Arc<dyn Reachable>) -> Result {
    let number = device.source().number();
    let mut registry = lock()?;
    registry.entry(number).ok_or(EINVAL)?.device = Some(device);
    Ok(())
}

/// Lets no more requests reach the device `number`. Waits for one that is being handled.
pub(super) fn unlist(number: u32) {
    let device = lock()
        .ok()
        .and_then(|mut registry| registry.entry(number)?.device.take());

    // What goes with the device may want the lock: it is free now.
    drop(device);
}

/// Calls `f` with the device that `request` names, and the family's registration.
///
/// The device stays bound during the call. Returns [`ENODEV`] when there is no such device.
pub(super) fn with_device(
    request: &Request<'_>,
    f: impl FnOnce(&dyn Reachable, &Registration) -> Result,
) -> Result {
    let number = request.u32(request::DEVICE)?;
    let no_device = || {
        request.refuse(
            ENODEV,
            request::DEVICE,
            fmt!(
                "There is no device {}; device-get lists those there are",
                number
            ),
        )
    };

    let registry = lock()?;
    let family = registry.family.as_ref().ok_or_else(no_device)?;
    f(registry.device(number).ok_or_else(no_device)?, family)
}

/// Calls `f` with the device `number` and the family's registration. Returns [`ENODEV`] when there
/// is no such device.
pub(super) fn with_number<T>(
    number: u32,
    f: impl FnOnce(&dyn Reachable, &Registration) -> Result<T>,
) -> Result<T> {
    let registry = lock()?;
    let family = registry.family.as_ref().ok_or(ENODEV)?;
    f(registry.device(number).ok_or(ENODEV)?, family)
}

/// Calls `f` with each device whose number is `first` or higher, in order, until it fails.
pub(super) fn for_each_from(
    first: usize,
    mut f: impl FnMut(&dyn Reachable, &Registration) -> Result,
) -> Result {
    let registry = lock()?;
    let family = registry.family.as_ref().ok_or(ENODEV)?;

    registry
        .entries
        .iter()
        .filter(|entry| entry.number as usize >= first)
        .filter_map(|entry| entry.device.as_deref())
        .try_for_each(|device| f(device, family))
}

#[kunit_tests(irqcast_registry)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_is_taken() {
        let cases: [(&[u32], usize); 5] = [
            (&[], 0),
            (&[0], 1),
            (&[1], 0),
            (&[0, 2, 3], 1),
            (&[0, 1, 2], 3),
        ];
        for (taken, free) in cases {
            assert_eq!(first_gap(taken.iter().copied()), free);
        }
    }
}
