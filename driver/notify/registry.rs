// SPDX-License-Identifier: GPL-2.0

//! All devices: who has which instance number, and which are there to be asked.

use kernel::{
    device::{
        self,
        Bound, //
    },
    prelude::*,
    str::CString,
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

use crate::{
    chardev::CharDevice,
    device_attribute::DeviceAttribute,
    genetlink::{
        Family,
        Group,
        Registration,
        Releases,
        Request, //
    },
    protocol::request, //
};

#[cfg(CONFIG_NETFILTER)]
use crate::sockopt;

#[cfg(CONFIG_NETFILTER)]
use super::socket_options::Options;
use super::{
    listen::ClosedPorts,
    paths::sysfs,
    reader::Reader,
    taps::Watching,
    Source, //
};

/// A device that requests can reach.
pub(crate) trait Device: Send + Sync {
    /// Returns what the core knows of the device.
    fn source(&self) -> &Arc<Source>;

    /// Does what a request other than `device-get` asks of this device.
    ///
    /// Requests to all devices come one after the other, and none while the device is unbound.
    fn request(&self, request: &Request<'_>) -> Result;
}

/// A number that is taken, with the device once it is listed.
struct Entry {
    number: u32,
    device: Option<Arc<dyn Device>>,
}

/// All that is known while the service runs.
struct Registry {
    /// The family, and the place of the group for events among its groups.
    family: Option<(Arc<Registration>, u32)>,
    /// Sorted by number.
    entries: KVec<Entry>,
}

impl Registry {
    fn device(&self, number: u32) -> Option<&dyn Device> {
        self.entries
            .iter()
            .find(|entry| entry.number == number)
            .and_then(|entry| entry.device.as_deref())
    }
}

global_lock! {
    // SAFETY: It is initialised by `Service::start` before `READY` becomes true, and only used by
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

/// The running service: requests are answered while it lives, and devices can be bound.
///
/// The family outlives it when there are still devices: each [`Group`] keeps it registered.
pub(crate) struct Service {
    #[cfg(CONFIG_NETFILTER)]
    _options: sockopt::Registration<Options>,
    _releases: Releases<ClosedPorts>,
    _taps: Watching,
}

impl Service {
    /// Starts the service on `family`, whose group number `group` gets the events.
    ///
    /// Returns [`EBUSY`] when it was started before: it is started once, when the module is loaded.
    pub(crate) fn start(
        module: &'static ThisModule,
        family: &'static Family,
        group: u32,
    ) -> Result<Self> {
        if CLAIMED.xchg(true, Relaxed) {
            return Err(EBUSY);
        }
        // SAFETY: `CLAIMED` was false, so this happens once.
        unsafe { REGISTRY.init() };
        READY.store(true, Release);

        let service = Self {
            _taps: Watching::start()?,
            _releases: Releases::register()?,
            #[cfg(CONFIG_NETFILTER)]
            _options: sockopt::Registration::new(module)?,
        };

        // Not registered with the lock held: requests that take it arrive at once.
        let family = Arc::new(family.register()?, GFP_KERNEL)?;
        lock()?.family = Some((family, group));
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let family = lock().ok().and_then(|mut registry| {
            if registry.entries.is_empty() {
                // Frees the memory, since a `static` is not dropped.
                registry.entries = KVec::new();
            }
            registry.family.take()
        });

        // Ending the registration waits for requests, which take the lock: it is free by now.
        drop(family);
    }
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
        let (family, index) = registry.family.as_ref().ok_or(ENODEV)?;
        Group::new(family.clone(), *index)
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

/// A device's place in the list, its device node, and its attribute in sysfs. Until this is dropped,
/// requests reach the
/// device, and its node can be opened.
///
/// Dropping it waits for a request to the device that is being handled.
pub(crate) struct Listing {
    number: u32,
    source: Arc<Source>,
    _node: Pin<KBox<CharDevice<Reader>>>,
    attribute: Option<Pin<KBox<DeviceAttribute<Source>>>>,
}

impl Listing {
    /// Lists `device`, which is `parent` to the driver core, under its instance number, and makes
    /// its node `/dev/irqcast` with the same number.
    pub(crate) fn new(device: Arc<dyn Device>, parent: &device::Device<Bound>) -> Result<Self> {
        let number = device.source().number();
        let name = CString::try_from_fmt(fmt!("irqcast{number}"))?;
        let source = device.source();
        let node = CharDevice::register(name, parent, source.clone());
        let attribute = DeviceAttribute::register(sysfs::NAME, parent, source.clone());
        let attribute = KBox::pin_init(attribute, GFP_KERNEL)?;
        source.sysfs().attach(attribute.node()?);
        let listing = Self {
            number,
            source: source.clone(),
            _node: KBox::pin_init(node, GFP_KERNEL)?,
            attribute: Some(attribute),
        };
        let mut registry = lock()?;

        let entry = registry
            .entries
            .iter_mut()
            .find(|entry| entry.number == number)
            .ok_or(EINVAL)?;
        entry.device = Some(device);
        drop(registry);
        Ok(listing)
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        let device = lock().ok().and_then(|mut registry| {
            registry
                .entries
                .iter_mut()
                .find(|entry| entry.number == self.number)
                .and_then(|entry| entry.device.take())
        });

        // The device may go with it, and its number, for which it takes the lock: it is free now.
        drop(device);

        // Removing it wakes up nobody.
        drop(self.attribute.take());
        self.source.sysfs().wake_up();
    }
}

/// Calls `f` with the device that `request` names, and the family's registration.
///
/// The device stays bound during the call. Returns [`ENODEV`] when there is no such device.
pub(super) fn with_device(
    request: &Request<'_>,
    f: impl FnOnce(&dyn Device, &Registration) -> Result,
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
    let (family, _) = registry.family.as_ref().ok_or_else(no_device)?;
    f(registry.device(number).ok_or_else(no_device)?, family)
}

/// Calls `f` with the device `number` and the family's registration. Returns [`ENODEV`] when there
/// is no such device.
pub(super) fn with_number<T>(
    number: u32,
    f: impl FnOnce(&dyn Device, &Registration) -> Result<T>,
) -> Result<T> {
    let registry = lock()?;
    let (family, _) = registry.family.as_ref().ok_or(ENODEV)?;
    f(registry.device(number).ok_or(ENODEV)?, family)
}

/// Calls `f` with each device whose number is `first` or higher, in order, until it fails.
pub(super) fn for_each_from(
    first: usize,
    mut f: impl FnMut(&dyn Device, &Registration) -> Result,
) -> Result {
    let registry = lock()?;
    let (family, _) = registry.family.as_ref().ok_or(ENODEV)?;

    registry
        .entries
        .iter()
        .filter(|entry| entry.number as usize >= first)
        .filter_map(|entry| entry.device.as_deref())
        .try_for_each(|device| f(device, family))
}

/// Lets the device that `request` names do what it asks for.
pub(crate) fn pass_to_device(request: &Request<'_>) -> Result {
    with_device(request, |device, _| device.request(request))
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
