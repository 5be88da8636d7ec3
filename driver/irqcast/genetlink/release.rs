// SPDX-License-Identifier: GPL-2.0

//! Hearing of sockets that are closed.

use core::marker::PhantomData;

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

use super::Port;

/// Someone who wants to know of closed generic netlink sockets.
pub(crate) trait OnRelease: 'static {
    /// The socket at `port` is closed: by its process, or because that has ended.
    ///
    /// Called in process context; may sleep. Nothing that is sent to the port arrives any more,
    /// unless another socket takes over its number.
    fn released(port: Port);
}

/// Lets `T` hear of sockets that are closed, until this is dropped.
///
/// # Invariants
///
/// The notifier block is registered.
pub(crate) struct Releases<T: OnRelease> {
    block: Pin<KBox<Opaque<bindings::notifier_block>>>,
    _user: PhantomData<fn() -> T>,
}

// SAFETY: After registration only the notifier chain accesses the block, under its own lock.
unsafe impl<T: OnRelease> Send for Releases<T> {}

// SAFETY: There is nothing that a shared reference can be used for.
unsafe impl<T: OnRelease> Sync for Releases<T> {}

impl<T: OnRelease> Releases<T> {
    /// Begins to listen. May sleep.
    pub(crate) fn register() -> Result<Self> {
        let block = bindings::notifier_block {
            notifier_call: Some(release_callback::<T>),
            ..Default::default()
        };
        let block = KBox::pin(Opaque::new(block), GFP_KERNEL)?;

        // SAFETY: The block is initialised, and stays where it is until it is unregistered.
        to_result(unsafe { bindings::netlink_register_notifier(block.get()) })?;

        // INVARIANT: It was just registered.
        Ok(Self {
            block,
            _user: PhantomData,
        })
    }
}

impl<T: OnRelease> Drop for Releases<T> {
    fn drop(&mut self) {
        // This waits for callbacks. It fails only for a block that is not registered.
        //
        // SAFETY: By the type invariants the block is registered.
        unsafe { bindings::netlink_unregister_notifier(self.block.get()) };
    }
}

/// Called by netlink when a socket is closed.
///
/// # Safety
///
/// Must only be used as a callback of netlink's notifier chain.
unsafe extern "C" fn release_callback<T: OnRelease>(
    _block: *mut bindings::notifier_block,
    action: c_ulong,
    data: *mut c_void,
) -> c_int {
    if action == bindings::NETLINK_URELEASE as c_ulong {
        // SAFETY: Netlink passes this with each action.
        let notify = unsafe { &*data.cast::<bindings::netlink_notify>() };

        let is_ours = notify.protocol == bindings::NETLINK_GENERIC as c_int
            && core::ptr::eq(notify.net, &raw const bindings::init_net);
        if let (true, Ok(port)) = (is_ours, Port::new(notify.portid)) {
            T::released(port);
        }
    }
    bindings::NOTIFY_DONE as c_int
}
