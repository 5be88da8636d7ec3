// SPDX-License-Identifier: GPL-2.0

//! Queues of those who wait: sleeping readers and pollers.

use kernel::{
    bindings,
    prelude::*,
    sync::{
        barrier::{
            smp_mb,
            Full, //
        },
        rcu::synchronize_rcu,
        LockClassKey, //
    },
    task::TASK_INTERRUPTIBLE,
    types::Opaque, //
};

use super::Readiness;

/// A queue of those who wait for something.
///
/// Whoever makes it true calls [`Self::wake_up`] afterwards.
#[pin_data(PinnedDrop)]
pub(crate) struct WaitQueue {
    #[pin]
    head: Opaque<bindings::wait_queue_head>,
}

// SAFETY: A wait queue may be used by any thread.
unsafe impl Send for WaitQueue {}
// SAFETY: It has a lock of its own.
unsafe impl Sync for WaitQueue {}

impl WaitQueue {
    /// Makes a queue in which nobody waits.
    pub(crate) fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            head <- Opaque::ffi_init(|slot| {
                // SAFETY: `slot` is valid for writes and stays where it is, and `key` is `'static`.
                unsafe { bindings::__init_waitqueue_head(slot, name.as_char_ptr(), key.as_ptr()) }
            }),
        })
    }

    /// Wakes up all who wait, where anybody does, and tells pollers of `ready`. May be called in any
    /// context.
    #[inline]
    pub(crate) fn wake_up(&self, ready: Readiness) {
        // Whoever starts to wait joins the queue and looks then, both in this order. So either we
        // see him in the queue, or he sees what was written before this barrier.
        smp_mb(Full);
        if self.is_empty() {
            return;
        }

        // SAFETY: The queue is valid. Its callbacks take the key for the bits of `poll`.
        unsafe {
            bindings::__wake_up(
                self.head.get(),
                bindings::TASK_NORMAL,
                // As many exclusive waiters as there are.
                0,
                ready.as_key(),
            )
        };
    }

    /// Sleeps until `ready` returns true. `ready` must not sleep.
    ///
    /// Returns [`ERESTARTSYS`] when a signal arrives before.
    pub(crate) fn wait(&self, ready: impl Fn() -> bool) -> Result {
        let entry = Opaque::<bindings::wait_queue_entry>::uninit();
        // SAFETY: `entry` is valid for writes, and is not moved before it leaves the queue.
        unsafe { bindings::init_wait_entry(entry.get(), 0) };

        let outcome = loop {
            // SAFETY: Both are valid.
            let interrupted = unsafe {
                bindings::prepare_to_wait_event(self.head.get(), entry.get(), TASK_INTERRUPTIBLE)
            };
            if ready() {
                break Ok(());
            }
            if interrupted != 0 {
                break Err(ERESTARTSYS);
            }
            // SAFETY: It may be called wherever sleeping is allowed.
            unsafe { bindings::schedule() };
        };

        // SAFETY: Both are valid. `entry` is not in the queue afterwards.
        unsafe { bindings::finish_wait(self.head.get(), entry.get()) };
        outcome
    }

    /// Returns the queue as C code knows it.
    pub(super) fn as_raw(&self) -> *mut bindings::wait_queue_head {
        self.head.get()
    }

    /// Like `waitqueue_active()`, which is inline in C.
    fn is_empty(&self) -> bool {
        let head = self.head.get();

        // SAFETY: The list is initialised. Reading its first pointer without the lock is what
        // `list_empty()` does.
        unsafe {
            let list = &raw mut (*head).head;
            (&raw const (*list).next).read_volatile() == list
        }
    }
}

#[pinned_drop]
impl PinnedDrop for WaitQueue {
    fn drop(self: Pin<&mut Self>) {
        // Pollers may still be in the queue or about to leave it, see `PollCondVar` in the kernel
        // crate.
        //
        // SAFETY: The queue is valid.
        unsafe { bindings::__wake_up_pollfree(self.head.get()) };
        synchronize_rcu();
    }
}
