// SPDX-License-Identifier: GPL-2.0

//! Socket buffers that are sent more than once.

use core::{
    ptr::NonNull,
    sync::atomic::{
        AtomicI32,
        Ordering, //
    }, //
};

use kernel::{
    bindings,
    prelude::*, //
};

use super::gfp::Gfp;

use super::NetlinkSkBuff;

/// A socket buffer whose receivers get clones of it, and which can be written again when they have
/// freed them all.
///
/// # Invariants
///
/// All bytes from the start of the data to the shared info, which ends the allocation, have been
/// written. The data is never handed to anyone but by [`Self::share`] and by clones.
pub(super) struct Buffer(NetlinkSkBuff);

impl Buffer {
    /// Allocates a buffer with room for `size` bytes, and beside it the memory of one clone, so
    /// that the first of its clones needs none. The counterpart of `alloc_skb_fclone()` in C.
    pub(super) fn new(size: usize, gfp: Gfp) -> Result<Self> {
        // Memory of any node: `NUMA_NO_NODE`, whose cast bindgen does not read.
        const NO_NODE: c_int = -1;

        // SAFETY: `__alloc_skb` only requires its arguments to be valid integers.
        let skb = unsafe {
            bindings::__alloc_skb(
                size.try_into()?,
                gfp.as_raw(),
                bindings::SKB_ALLOC_FCLONE as c_int,
                NO_NODE,
            )
        };
        let skb = NonNull::new(skb).ok_or(ENOMEM)?;

        // SAFETY: The buffer is valid, and the only reference is ours.
        let buffer = Self(unsafe { NetlinkSkBuff::from_raw(skb) });

        // SAFETY: The buffer is only ours, and all between the data and the shared info is memory
        // that was allocated with it.
        unsafe { core::ptr::write_bytes((*skb.as_ptr()).data, 0, buffer.room()) };

        // INVARIANT: It was just written.
        Ok(buffer)
    }

    /// Returns whether nobody else has a reference to the buffer or a clone of it.
    ///
    /// What others did with the data happened before this returned `true`.
    ///
    /// The loads are those of Rust's own library: those of the `kernel` crate are calls of C
    /// functions, and the interrupt handler makes four for every event.
    #[inline]
    pub(super) fn is_exclusive(&self) -> bool {
        let skb = self.0.as_raw().as_ptr();

        // SAFETY: The buffer is valid. `refcount_t` and `atomic_t` hold an `int` that everyone
        // accesses atomically.
        unsafe {
            let users = AtomicI32::from_ptr((&raw mut (*skb).users).cast());
            let clones = AtomicI32::from_ptr((&raw mut (*self.shared_info()).dataref).cast());
            clones.load(Ordering::Acquire) == 1 && users.load(Ordering::Acquire) == 1
        }
    }

    /// Returns how many clones there are, each with a receiver that has not read it yet.
    #[inline]
    pub(super) fn clones(&self) -> usize {
        // SAFETY: As in `is_exclusive`.
        let references = unsafe {
            AtomicI32::from_ptr((&raw mut (*self.shared_info()).dataref).cast())
                .load(Ordering::Relaxed)
        };
        // One of them is ours.
        usize::try_from(references).unwrap_or(1).saturating_sub(1)
    }

    /// Lets `write` change the first `capacity` bytes, and makes the data as long as it returns.
    /// What was written before is still there.
    ///
    /// Returns [`EBUSY`] when someone may still read the data, and [`EMSGSIZE`] when there is no
    /// room for that much.
    pub(super) fn write(
        &mut self,
        capacity: usize,
        write: impl FnOnce(&mut [u8]) -> Result<usize>,
    ) -> Result {
        if !self.is_exclusive() {
            return Err(EBUSY);
        }
        if capacity > self.room() {
            return Err(EMSGSIZE);
        }
        let skb = self.0.as_raw().as_ptr();

        // SAFETY: The buffer is valid. By the type invariants all of its room has been written. It
        // is exclusive, and stays so because we borrow it mutably, so nobody else accesses it.
        let bytes = unsafe { core::slice::from_raw_parts_mut((*skb).data, capacity) };
        let length = write(bytes)?;
        if length > capacity {
            return Err(EMSGSIZE);
        }

        // What `__skb_trim()` and `__skb_put()` do in C.
        //
        // SAFETY: As above. The data starts at or behind `head`, in the same allocation.
        unsafe {
            let tail = (*skb).data.add(length);
            #[cfg(CONFIG_64BIT)]
            let tail = tail.offset_from((*skb).head) as c_uint;
            (*skb).tail = tail;
            (*skb).len = length as c_uint;
        }
        Ok(())
    }

    /// Takes one more reference, for a call that gives clones to receivers.
    pub(super) fn share(&self) -> NetlinkSkBuff {
        self.0.share()
    }

    /// Makes a clone for a single receiver: a buffer of its own with the same data, which looks as
    /// if it was just allocated and filled.
    ///
    /// Returns [`ENOMEM`] when there is no memory.
    pub(super) fn clone_data(&self, gfp: Gfp) -> Result<NetlinkSkBuff> {
        // SAFETY: By the type invariants the buffer is valid.
        let skb = unsafe { bindings::skb_clone(self.0.as_raw().as_ptr(), gfp.as_raw()) };
        let skb = NonNull::new(skb).ok_or(ENOMEM)?;

        // What an earlier broadcast of the original noted for those who receive it.
        //
        // SAFETY: `skb_clone` returned a valid buffer that only we know.
        unsafe { (*skb.as_ptr()).cb = pin_init::zeroed() };

        // INVARIANT: The only reference to the new buffer is ours.
        Ok(NetlinkSkBuff { skb })
    }

    /// Returns the number of bytes from the start of the data to the shared info.
    fn room(&self) -> usize {
        // SAFETY: The buffer is valid, and its shared info lies behind its data, in the same
        // allocation.
        unsafe {
            let end = self.shared_info().cast::<u8>();
            end.offset_from((*self.0.as_raw().as_ptr()).data) as usize
        }
    }

    /// Returns what a buffer shares with its clones. The counterpart of `skb_shinfo()` in C.
    fn shared_info(&self) -> *mut bindings::skb_shared_info {
        let skb = self.0.as_raw().as_ptr();

        // SAFETY: The buffer is valid, and its `end` is within the memory at `head`. It is an
        // offset from there on 64-bit machines, and a pointer on others.
        unsafe {
            #[cfg(CONFIG_64BIT)]
            let end = (*skb).head.add((*skb).end as usize);
            #[cfg(not(CONFIG_64BIT))]
            let end = (*skb).end;
            end.cast()
        }
    }
}
