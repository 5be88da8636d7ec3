// SPDX-License-Identifier: GPL-2.0

//! Files that want a signal: `fcntl` with `O_ASYNC`, `F_SETOWN` and `F_SETSIG`.

use core::cell::UnsafeCell;

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// What a signal tells.
#[derive(Clone, Copy)]
pub(crate) enum Band {
    /// There is something to read: `POLL_IN`.
    Readable,
    /// There is nobody any more at the other end: `POLL_HUP`.
    HungUp,
}

/// The files that want a signal.
///
/// # Invariants
///
/// `list` is only changed by `fasync_helper()`. Files leave it before they are released, and keep
/// what this is part of until then.
pub(crate) struct SignalQueue {
    list: UnsafeCell<*mut bindings::fasync_struct>,
    files: Atomic<u32>,
}

// SAFETY: `fasync_helper()` and `kill_fasync()` serialise themselves.
unsafe impl Send for SignalQueue {}
// SAFETY: As above.
unsafe impl Sync for SignalQueue {}

impl SignalQueue {
    /// Nobody wants a signal.
    pub(crate) const fn new() -> Self {
        Self {
            list: UnsafeCell::new(core::ptr::null_mut()),
            files: Atomic::new(0),
        }
    }

    /// Sends a signal to the owner of each file that wants one, and returns how many were asked of
    /// the kernel. May be called in any context.
    ///
    /// The kernel does not say which of them it queued. Where a process has as many signals queued
    /// as it may (`RLIMIT_SIGPENDING`), it gets a plain `SIGIO` instead of the signal of `F_SETSIG`;
    /// a plain `SIGIO` that is already pending is not sent again.
    #[inline]
    pub(crate) fn signal(&self, band: Band) -> u32 {
        // SAFETY: The list is valid. Reading its start without a lock is what `kill_fasync()` does
        // too.
        if unsafe { self.list.get().read_volatile() }.is_null() {
            return 0;
        }

        let band = match band {
            Band::Readable => bindings::POLL_IN,
            Band::HungUp => bindings::POLL_HUP,
        };
        // SAFETY: By the type invariants the list is valid.
        unsafe { bindings::kill_fasync(self.list.get(), bindings::SIGIO as c_int, band as c_int) };
        self.files.load(Relaxed)
    }

    /// Adds a file or takes it away, as `fasync` of its operations is told.
    ///
    /// # Safety
    ///
    /// `file` must be valid, the arguments must be those of a call of `fasync`, and what this is
    /// part of must live for as long as the file.
    pub(super) unsafe fn change(
        &self,
        descriptor: c_int,
        file: *mut bindings::file,
        on: c_int,
    ) -> Result {
        // SAFETY: By the safety requirements. The list is only changed here.
        let changed = unsafe { bindings::fasync_helper(descriptor, file, on, self.list.get()) };

        // It returns 1 for a file that was added or taken away.
        if changed > 0 {
            if on != 0 {
                self.files.fetch_add(1, Relaxed);
            } else {
                self.files.fetch_sub(1, Relaxed);
            }
        }
        to_result(changed.min(0))
    }
}
