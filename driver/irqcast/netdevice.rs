// SPDX-License-Identifier: GPL-2.0

//! Hearing of network devices that come up and go down.
//!
//! The `kernel` crate of Linux 7.3 has nothing of `include/linux/netdevice.h`. This module has a
//! notifier and what its users need of a device, in the style of the `kernel` crate, and knows
//! nothing of its user.
//!
//! - [`bindings`] is what the crate's bindings lack.
//! - [`NetDevice`] is a device, [`Change`] what happens to it.
//! - [`Watch`] is who wants to know, and [`Registration`] lets it.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

mod bindings;

use core::marker::PhantomData;

use kernel::{
    bindings::notifier_block,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

/// A network device, in any network namespace.
///
/// # Invariants
///
/// It is valid for as long as there is a reference to it.
#[repr(transparent)]
pub(crate) struct NetDevice(Opaque<bindings::net_device>);

impl NetDevice {
    /// Returns whether it gets copies of netlink messages while it is up (an `nlmon` device).
    pub(crate) fn is_netlink_tap(&self) -> bool {
        // SAFETY: By the type invariants the device is valid. Its type does not change after it was
        // registered, but for a few drivers that do it where notifiers do not run.
        let hardware = unsafe { (*self.0.get()).type_ };
        hardware == bindings::ARPHRD_NETLINK
    }

    /// Returns a number that no other device has until this one is gone.
    pub(crate) fn key(&self) -> usize {
        self.0.get().addr()
    }
}

/// What happens to a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// It is about to come up, unless someone refuses.
    ComingUp,
    /// It is up.
    Up,
    /// It is down, or gone, or not about to come up any more.
    Down,
}

/// Someone who wants to know of network devices.
pub(crate) trait Watch: 'static {
    /// Something happens to `device`.
    ///
    /// Called in process context, one call at a time; may sleep, but must not wait for anyone who
    /// changes network devices. The error is taken for a refusal where something can be refused:
    /// with [`Change::ComingUp`] the device stays down. That is no promise: someone else may refuse
    /// too, and then there is no further call.
    fn changed(device: &NetDevice, change: Change) -> Result;
}

/// Lets `T` know of network devices, in all network namespaces, until this is dropped.
///
/// # Invariants
///
/// The notifier block is registered.
pub(crate) struct Registration<T: Watch> {
    block: Pin<KBox<Opaque<notifier_block>>>,
    _watch: PhantomData<fn() -> T>,
}

// SAFETY: After registration only the notifier chain accesses the block, under its own lock.
unsafe impl<T: Watch> Send for Registration<T> {}

// SAFETY: There is nothing that a shared reference can be used for.
unsafe impl<T: Watch> Sync for Registration<T> {}

impl<T: Watch> Registration<T> {
    /// Begins to watch. `T` is told of all devices that are up before this returns; an error that
    /// it returns then is returned. May sleep.
    pub(crate) fn new() -> Result<Self> {
        let block = notifier_block {
            notifier_call: Some(netdevice_callback::<T>),
            ..Default::default()
        };
        let block = KBox::pin(Opaque::new(block), GFP_KERNEL)?;

        // SAFETY: The block is initialised, and stays where it is until it is unregistered.
        to_result(unsafe { bindings::register_netdevice_notifier(block.get()) })?;

        // INVARIANT: It was just registered.
        Ok(Self {
            block,
            _watch: PhantomData,
        })
    }
}

impl<T: Watch> Drop for Registration<T> {
    fn drop(&mut self) {
        // Tells `T` that all devices are down, and waits for callbacks. It fails only for a block
        // that is not registered.
        //
        // SAFETY: By the type invariants the block is registered.
        unsafe { bindings::unregister_netdevice_notifier(self.block.get()) };
    }
}

/// Called by the kernel when something happens to a network device.
///
/// # Safety
///
/// Must only be used as a callback of the notifier chain for network devices.
unsafe extern "C" fn netdevice_callback<T: Watch>(
    _block: *mut notifier_block,
    event: c_ulong,
    info: *mut c_void,
) -> c_int {
    let change = match event {
        bindings::NETDEV_PRE_UP => Change::ComingUp,
        bindings::NETDEV_UP => Change::Up,
        bindings::NETDEV_DOWN | bindings::NETDEV_UNREGISTER => Change::Down,
        _ => return bindings::NOTIFY_DONE,
    };

    // SAFETY: The chain passes this with each event, with a device that is valid during the call.
    // `NetDevice` is a transparent wrapper.
    let device = unsafe {
        let device = (*info.cast::<bindings::netdev_notifier_info>()).dev;
        &*device.cast::<NetDevice>()
    };
    match T::changed(device, change) {
        Ok(()) => bindings::NOTIFY_DONE,
        Err(error) => bindings::from_error(error),
    }
}
