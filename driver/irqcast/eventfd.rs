// SPDX-License-Identifier: GPL-2.0

//! Eventfds that a process hands over, to be signalled from any context.
//!
//! The kernel crate has nothing for them yet. This knows nothing of its user.
//!
//! C header: [`include/linux/eventfd.h`](srctree/include/linux/eventfd.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*, //
};

/// A reference to an eventfd.
///
/// # Invariants
///
/// `0` points to a valid `struct eventfd_ctx`, of which this owns one reference.
pub(crate) struct EventFd(NonNull<bindings::eventfd_ctx>);

// SAFETY: An eventfd may be used by any thread.
unsafe impl Send for EventFd {}
// SAFETY: It has a lock of its own.
unsafe impl Sync for EventFd {}

impl EventFd {
    /// Returns the eventfd that is the file `descriptor` of the current process.
    ///
    /// Returns [`EBADF`] when there is no such file, and [`EINVAL`] when it is no eventfd.
    pub(crate) fn from_descriptor(descriptor: i32) -> Result<Self> {
        // SAFETY: It takes any number.
        let eventfd = from_err_ptr(unsafe { bindings::eventfd_ctx_fdget(descriptor) })?;

        // INVARIANT: It returned a valid pointer, with a reference for us.
        NonNull::new(eventfd).map(Self).ok_or(EINVAL)
    }

    /// Adds one to its counter, and wakes up those who wait for that. May be called in any context.
    #[inline]
    pub(crate) fn signal(&self) {
        // SAFETY: By the type invariants it is valid.
        unsafe { bindings::eventfd_signal_mask(self.0.as_ptr(), 0) };
    }

    /// Returns whether both are the same eventfd.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Drop for EventFd {
    fn drop(&mut self) {
        // SAFETY: By the type invariants we own a reference, and give it back here.
        unsafe { bindings::eventfd_ctx_put(self.0.as_ptr()) };
    }
}
