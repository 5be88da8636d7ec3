// SPDX-License-Identifier: GPL-2.0

//! Socket buffers that are shared.

use core::ptr::NonNull;

use kernel::bindings;

use super::NetlinkSkBuff;

// SAFETY: A buffer belongs to no thread, and its count of references is atomic.
unsafe impl Send for NetlinkSkBuff {}

impl NetlinkSkBuff {
    /// Takes over a reference.
    ///
    /// # Safety
    ///
    /// `skb` must point to a valid `sk_buff`, and the caller gives away a reference to it.
    pub(super) unsafe fn from_raw(skb: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: The caller promises it.
        Self { skb }
    }

    /// Returns the buffer, which stays owned by `self`.
    pub(super) fn as_raw(&self) -> NonNull<bindings::sk_buff> {
        self.skb
    }

    /// Takes one more reference to the same buffer.
    ///
    /// While there are two, code that wants to hand the buffer to someone clones it instead. The
    /// counterpart of `skb_get()` in C.
    pub(super) fn share(&self) -> Self {
        // SAFETY: By the type invariants the buffer is valid, and its count is not 0 because it
        // includes our own reference.
        unsafe { bindings::refcount_inc(&raw mut (*self.skb.as_ptr()).users) };

        // INVARIANT: The new value owns the reference that was just counted.
        Self { skb: self.skb }
    }

    /// Returns the bytes of the message, headers included.
    pub(super) fn bytes(&self) -> &[u8] {
        let skb = self.skb.as_ptr();

        // SAFETY: By the type invariants the buffer is valid, and holds a message: all of it was
        // written, in one piece. Nobody writes it while there is a reference to it but its owner.
        unsafe { core::slice::from_raw_parts((*skb).data, (*skb).len as usize) }
    }
}
