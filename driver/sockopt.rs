// SPDX-License-Identifier: GPL-2.0

//! Socket options that a module answers.
//!
//! A module can claim a range of options of level `SOL_IP`, whose `getsockopt` it answers on any
//! IPv4 socket. This is the way of `iptables` and its like. It is for pulling only: nobody is woken.
//! The `kernel` crate of Linux 7.3 has nothing for it. This module is written in its style, and
//! knows nothing of its user.
//!
//! Setting options is left out: a module can attach nothing to a socket that it does not own, so
//! there is nothing that it could set for this socket only.
//!
//! C header: [`include/linux/netfilter.h`](srctree/include/linux/netfilter.h)

mod bindings;

use core::marker::PhantomData;

use kernel::{
    error::{
        from_result,
        to_result, //
    },
    prelude::*,
    types::Opaque,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// Someone who answers `getsockopt` for a range of options.
pub(crate) trait GetSocketOption: 'static {
    /// First option of the range.
    const FIRST: c_int;

    /// First option behind the range.
    const END: c_int;

    /// Answers `getsockopt` for `option`, and returns the length of the answer.
    ///
    /// `value` is the caller's memory for the answer, with what it has put there. Called in process
    /// context; may sleep.
    fn get(option: c_int, value: UserSlice) -> Result<usize>;
}

/// Lets `T` answer socket options until this is dropped.
///
/// # Invariants
///
/// The operations are registered.
pub(crate) struct Registration<T: GetSocketOption> {
    operations: Pin<KBox<Opaque<bindings::nf_sockopt_ops>>>,
    _answerer: PhantomData<fn() -> T>,
}

// SAFETY: After registration only netfilter accesses the operations, under its own lock.
unsafe impl<T: GetSocketOption> Send for Registration<T> {}

// SAFETY: There is nothing that a shared reference can be used for.
unsafe impl<T: GetSocketOption> Sync for Registration<T> {}

impl<T: GetSocketOption> Registration<T> {
    /// Claims the range for `module`, which cannot be unloaded during a call.
    ///
    /// Returns [`EBUSY`] when someone else has options of the range.
    pub(crate) fn new(module: &'static ThisModule) -> Result<Self> {
        let operations = bindings::nf_sockopt_ops {
            pf: bindings::PF_INET,
            get_optmin: T::FIRST,
            get_optmax: T::END,
            get: Some(get_callback::<T>),
            owner: module.as_ptr().cast(),
            ..pin_init::zeroed()
        };
        let operations = KBox::pin(Opaque::new(operations), GFP_KERNEL)?;

        // SAFETY: The operations are initialised, and stay where they are until they are
        // unregistered.
        to_result(unsafe { bindings::nf_register_sockopt(operations.get()) })?;

        // INVARIANT: They were just registered.
        Ok(Self {
            operations,
            _answerer: PhantomData,
        })
    }
}

impl<T: GetSocketOption> Drop for Registration<T> {
    fn drop(&mut self) {
        // A call that is under way holds the module, so there is none when the module is unloaded.
        //
        // SAFETY: By the type invariants the operations are registered.
        unsafe { bindings::nf_unregister_sockopt(self.operations.get()) };
    }
}

/// Called by netfilter for `getsockopt`.
///
/// # Safety
///
/// Must only be used as `get` of the operations that are registered for `T`.
unsafe extern "C" fn get_callback<T: GetSocketOption>(
    _socket: *mut kernel::bindings::sock,
    option: c_int,
    user: *mut c_void,
    length: *mut c_int,
) -> c_int {
    from_result(|| {
        // SAFETY: Netfilter passes a pointer to an `int` on the caller's stack.
        let length = unsafe { &mut *length };
        let room = usize::try_from(*length)?;

        let value = UserSlice::new(UserPtr::from_ptr(user), room);
        *length = c_int::try_from(T::get(option, value)?)?;
        Ok(0)
    })
}
