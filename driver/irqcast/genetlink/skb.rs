// SPDX-License-Identifier: GPL-2.0

//! Socket buffers and their references.

use core::{
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    alloc::AllocError,
    bindings,
    prelude::*, //
};

/// Where memory comes from.
///
/// [`kernel::alloc::Flags`] would be it, but only the `kernel` crate can hand it to C code.
#[derive(Clone, Copy)]
pub(crate) enum Gfp {
    /// Memory that may be waited for, as with `GFP_KERNEL`. Not in atomic context.
    Kernel,
    /// Memory that is there at once, as with `GFP_ATOMIC`. That there is none is not told in the
    /// log: whoever asks must be able to go on without.
    Atomic,
}

impl Gfp {
    /// Returns the flags that C code takes.
    pub(super) fn as_raw(self) -> bindings::gfp_t {
        match self {
            Self::Kernel => bindings::GFP_KERNEL,
            Self::Atomic => bindings::GFP_ATOMIC | bindings::__GFP_NOWARN,
        }
    }
}

/// A reference to a `struct sk_buff` that holds a generic netlink message.
///
/// # Invariants
///
/// `0` points to a valid `sk_buff`, of which this value owns one reference.
pub(super) struct SkBuff(NonNull<bindings::sk_buff>);

// SAFETY: A buffer belongs to no thread, and its count of references is atomic.
unsafe impl Send for SkBuff {}

impl SkBuff {
    /// Allocates a buffer for a message with `payload` bytes of attributes; the headers are added.
    pub(super) fn new(payload: usize, gfp: Gfp) -> Result<Self, AllocError> {
        // SAFETY: `genlmsg_new` only requires its arguments to be valid integers.
        let skb = unsafe { bindings::genlmsg_new(payload, gfp.as_raw()) };

        // INVARIANT: `genlmsg_new` returned a new buffer whose only reference is ours.
        NonNull::new(skb).map(Self).ok_or(AllocError)
    }

    /// Takes over a reference.
    ///
    /// # Safety
    ///
    /// `skb` must point to a valid `sk_buff`, and the caller gives away a reference to it.
    pub(super) unsafe fn from_raw(skb: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: The caller promises it.
        Self(skb)
    }

    /// Makes a clone: a buffer of its own with the same data, which looks as if it was just
    /// allocated and filled.
    ///
    /// Returns [`ENOMEM`] when there is no memory.
    pub(super) fn clone_data(&self, gfp: Gfp) -> Result<Self> {
        // SAFETY: By the type invariants the buffer is valid.
        let skb = unsafe { bindings::skb_clone(self.0.as_ptr(), gfp.as_raw()) };
        let skb = NonNull::new(skb).ok_or(ENOMEM)?;

        // What an earlier broadcast of the original noted for those who receive it.
        //
        // SAFETY: `skb_clone` returned a valid buffer that only we know.
        unsafe { (*skb.as_ptr()).cb = pin_init::zeroed() };

        // INVARIANT: The only reference to the new buffer is ours.
        Ok(Self(skb))
    }

    /// Returns the buffer, which stays owned by `self`.
    pub(super) fn as_raw(&self) -> NonNull<bindings::sk_buff> {
        self.0
    }

    /// Gives the reference to the caller, who has to give it back to C code.
    pub(super) fn into_raw(self) -> *mut bindings::sk_buff {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// Takes one more reference to the same buffer.
    ///
    /// While there are two, code that wants to hand the buffer to someone clones it instead. The
    /// counterpart of `skb_get()` in C.
    pub(super) fn share(&self) -> Self {
        // SAFETY: By the type invariants the buffer is valid, and its count is not 0 because it
        // includes our own reference.
        unsafe { bindings::refcount_inc(&raw mut (*self.0.as_ptr()).users) };

        // INVARIANT: The new value owns the reference that was just counted.
        Self(self.0)
    }

    /// Returns the bytes of the message, headers included.
    pub(super) fn bytes(&self) -> &[u8] {
        let skb = self.0.as_ptr();

        // SAFETY: By the type invariants the buffer is valid, and holds a message: all of it was
        // written, in one piece. Nobody writes it while there is a reference to it but its owner.
        unsafe { core::slice::from_raw_parts((*skb).data, (*skb).len as usize) }
    }
}

impl Drop for SkBuff {
    fn drop(&mut self) {
        // SAFETY: By the type invariants we own a reference, and give it back here.
        unsafe { bindings::consume_skb(self.0.as_ptr()) };
    }
}
