// SPDX-License-Identifier: GPL-2.0

//! What `poll`, `select` and `epoll` ask of a file.

use core::marker::PhantomData;

use kernel::{
    bindings,
    prelude::*, //
};

use super::WaitQueue;

/// What a file is ready for, in the bits of `include/uapi/linux/eventpoll.h`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readiness(u32);

impl Readiness {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self(0);

    /// There is something to read: `EPOLLIN` and `EPOLLRDNORM`.
    pub(crate) const READABLE: Self = Self(0x001 | 0x040);

    /// There is nobody any more at the other end: `EPOLLERR` and `EPOLLHUP`.
    pub(crate) const HUNG_UP: Self = Self(0x008 | 0x010);

    /// Returns both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bits that C code takes.
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    /// Returns the key that goes with a wake-up, like `poll_to_key()`.
    pub(super) fn as_key(self) -> *mut c_void {
        core::ptr::without_provenance_mut(self.0 as usize)
    }
}

/// Someone who asks what a file is ready for, and may want to wait until it is.
pub(crate) struct Polling<'a> {
    file: *mut bindings::file,
    table: *mut bindings::poll_table,
    _call: PhantomData<&'a ()>,
}

impl Polling<'_> {
    /// # Safety
    ///
    /// Both pointers must be those that an implementation of `poll` was given, and the value must
    /// not outlive its call.
    pub(super) unsafe fn new(file: *mut bindings::file, table: *mut bindings::poll_table) -> Self {
        Self {
            file,
            table,
            _call: PhantomData,
        }
    }

    /// Lets whoever asks wait in `queue` too. To be called before looking.
    pub(crate) fn wait_in(&self, queue: &WaitQueue) {
        // SAFETY: The pointers are valid as the safety requirements of `new` say. The queue, when it
        // is dropped, empties itself and waits for those who use it.
        unsafe { bindings::poll_wait(self.file, queue.as_raw(), self.table) };
    }
}
