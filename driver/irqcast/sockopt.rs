// SPDX-License-Identifier: GPL-2.0

//! Socket options that a module answers.
//!
//! A module can claim a range of options of level `SOL_IP`, whose `getsockopt` and `setsockopt` it
//! answers on any IPv4 socket. This is the way of `iptables` and its like. It is for exchange on
//! demand only: nobody is woken. The `kernel` crate of Linux 7.3 has nothing for it. This module is
//! written in its style, and knows nothing of its user.
//!
//! The callbacks do not get the socket: a module can attach nothing to one that it does not own, so
//! what is set is set for everybody.
//!
//! C header: [`include/linux/netfilter.h`](srctree/include/linux/netfilter.h)

mod bindings;

use core::marker::PhantomData;

use kernel::{
    bindings as kernel_bindings,
    error::{
        from_result,
        to_result, //
    },
    prelude::*,
    types::Opaque,
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceReader, //
    }, //
};

/// Someone who answers `getsockopt` and `setsockopt` for a range of options.
///
/// Both are called in process context, and may sleep.
pub(crate) trait SocketOptions: 'static {
    /// First option of the range.
    const FIRST: c_int;

    /// First option behind the range.
    const END: c_int;

    /// Answers `getsockopt` for `option`, and returns the length of the answer.
    ///
    /// `value` is the caller's memory for the answer, with what it has put there.
    fn get(option: c_int, value: UserSlice) -> Result<usize>;

    /// Answers `setsockopt` for `option`, of which `value` is the new value.
    fn set(option: c_int, value: UserSliceReader) -> Result;
}

/// Returns whether the process that calls has `CAP_NET_ADMIN` in the first user namespace.
pub(crate) fn caller_is_net_admin() -> bool {
    // SAFETY: This only looks at the credentials of the calling process.
    unsafe { kernel_bindings::capable(kernel_bindings::CAP_NET_ADMIN as c_int) }
}

/// Lets `T` answer socket options until this is dropped.
///
/// # Invariants
///
/// The operations are registered.
pub(crate) struct Registration<T: SocketOptions> {
    operations: Pin<KBox<Opaque<bindings::nf_sockopt_ops>>>,
    _answerer: PhantomData<fn() -> T>,
}

// SAFETY: After registration only netfilter accesses the operations, under its own lock.
unsafe impl<T: SocketOptions> Send for Registration<T> {}

// SAFETY: There is nothing that a shared reference can be used for.
unsafe impl<T: SocketOptions> Sync for Registration<T> {}

impl<T: SocketOptions> Registration<T> {
    /// Claims the range for `module`, which cannot be unloaded during a call.
    ///
    /// Returns [`EBUSY`] when someone else has options of the range.
    pub(crate) fn new(module: &'static ThisModule) -> Result<Self> {
        let operations = bindings::nf_sockopt_ops {
            pf: bindings::PF_INET,
            get_optmin: T::FIRST,
            get_optmax: T::END,
            get: Some(get_callback::<T>),
            set_optmin: T::FIRST,
            set_optmax: T::END,
            set: Some(set_callback::<T>),
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

impl<T: SocketOptions> Drop for Registration<T> {
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
unsafe extern "C" fn get_callback<T: SocketOptions>(
    _socket: *mut kernel_bindings::sock,
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

/// Called by netfilter for `setsockopt`.
///
/// # Safety
///
/// Must only be used as `set` of the operations that are registered for `T`.
unsafe extern "C" fn set_callback<T: SocketOptions>(
    _socket: *mut kernel_bindings::sock,
    option: c_int,
    value: kernel_bindings::sockptr_t,
    length: c_uint,
) -> c_int {
    from_result(|| {
        // The kernel itself sets none of these, and its pointers are not for a `UserSlice`.
        if value.is_kernel() {
            return Err(EOPNOTSUPP);
        }
        // SAFETY: The pointer is not one of the kernel, so the union holds that of user space.
        let user = unsafe { value.__bindgen_anon_1.user };

        // CAST: Netfilter passes what was an `int` that is not negative.
        let value = UserSlice::new(UserPtr::from_ptr(user), length as usize);
        T::set(option, value.reader())?;
        Ok(0)
    })
}
