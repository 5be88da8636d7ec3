// SPDX-License-Identifier: GPL-2.0

//! Numbers that one side writes while others read them, without a lock.
//!
//! [`kernel::sync::atomic`] would be it, but each of its accesses is a call of a C function, and the
//! interrupt handler makes dozens of them for an event. These are single machine instructions.

use core::{
    cell::UnsafeCell,
    sync::atomic::{
        compiler_fence,
        Ordering, //
    }, //
};

use kernel::sync::barrier::{
    smp_mb,
    Read,
    Write, //
};

// A `u64` would be read and written in two halves.
const _: () = assert!(cfg!(CONFIG_64BIT), "this needs a 64-bit machine");

/// A number with one writer at a time and any number of readers, as with `WRITE_ONCE()` and
/// `READ_ONCE()` in C.
#[repr(transparent)]
pub(super) struct Word(UnsafeCell<u64>);

// SAFETY: All accesses of the value are volatile ones of a whole, aligned machine word, which the
// kernel's memory model lets happen at the same time.
unsafe impl Sync for Word {}

impl Word {
    /// A word that holds `value`.
    pub(super) const fn new(value: u64) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Returns the value that was written last, or one that was before.
    #[inline]
    pub(super) fn read(&self) -> u64 {
        // SAFETY: The pointer is valid and aligned, and concurrent accesses are allowed, see above.
        unsafe { self.0.get().read_volatile() }
    }

    /// Writes `value`.
    #[inline]
    pub(super) fn write(&self, value: u64) {
        // SAFETY: The pointer is valid and aligned, and concurrent accesses are allowed, see above.
        unsafe { self.0.get().write_volatile(value) }
    }

    /// Adds `value`, for the only writer there is: two that overlap lose one of their additions.
    #[inline]
    pub(super) fn add(&self, value: u64) {
        self.write(self.read().wrapping_add(value));
    }
}

/// Makes what was written before visible before what is written after.
#[inline]
pub(super) fn write_barrier() {
    if cfg!(CONFIG_X86) {
        // The processor keeps writes in their order, see `smp_wmb()` there.
        compiler_fence(Ordering::Release);
    } else {
        smp_mb(Write);
    }
}

/// Reads what is read before ahead of what is read after.
#[inline]
pub(super) fn read_barrier() {
    if cfg!(CONFIG_X86) {
        // The processor keeps reads in their order, see `smp_rmb()` there.
        compiler_fence(Ordering::Acquire);
    } else {
        smp_mb(Read);
    }
}
