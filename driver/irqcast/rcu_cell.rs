// SPDX-License-Identifier: GPL-2.0

//! A value that is read without a lock and replaced as a whole.
//!
//! It is what C code does with `rcu_dereference()` and `rcu_assign_pointer()`, and knows nothing of
//! its user.

use core::ptr::NonNull;

use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            ordering::Full,
            Atomic,
            Relaxed, //
        },
        rcu, //
    }, //
};

/// A value that may be there, is read in any context, and replaced where sleeping is allowed.
///
/// # Invariants
///
/// The pointer is null, or owns a [`KBox`]. What it pointed to before is freed only when all who may
/// have read it have left their read-side critical section.
pub(crate) struct RcuCell<T>(Atomic<*mut T>);

// SAFETY: It owns a value that it gives away (`replace`) and shares (`read`).
unsafe impl<T: Send + Sync> Send for RcuCell<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for RcuCell<T> {}

impl<T> RcuCell<T> {
    /// A cell without a value.
    pub(crate) const fn new() -> Self {
        // INVARIANT: It is null.
        Self(Atomic::new(core::ptr::null_mut()))
    }

    /// Returns whether there is no value, which may just change.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // SAFETY: The pointer is valid and aligned. A volatile read of a pointer is `READ_ONCE()`.
        unsafe { self.0.as_ptr().read_volatile() }.is_null()
    }

    /// Returns the value, which stays until `guard` is dropped.
    pub(crate) fn read<'a>(&'a self, _guard: &'a rcu::Guard) -> Option<&'a T> {
        // The reads through it depend on its address, so no processor does them earlier.
        let value = NonNull::new(self.0.load(Relaxed))?;

        // SAFETY: By the type invariants it is valid, also when it is replaced meanwhile, until the
        // critical section ends.
        Some(unsafe { value.as_ref() })
    }

    /// Replaces the value, and returns the one before when nobody reads it any more. Sleeps until
    /// then.
    pub(crate) fn replace(&self, value: Option<KBox<T>>) -> Option<KBox<T>> {
        let new = value.map_or(core::ptr::null_mut(), KBox::into_raw);

        // INVARIANT: It is null or was just taken out of a `KBox`.
        let old = NonNull::new(self.0.xchg(new, Full))?;
        // SAFETY: It may be called wherever sleeping is allowed.
        unsafe { bindings::synchronize_rcu_expedited() };

        // SAFETY: By the type invariants we own it now, and nobody reads it any more.
        Some(unsafe { KBox::from_raw(old.as_ptr()) })
    }
}

impl<T> Drop for RcuCell<T> {
    fn drop(&mut self) {
        if let Some(value) = NonNull::new(*self.0.get_mut()) {
            // SAFETY: By the type invariants we own it, and nobody else has a reference to the cell.
            drop(unsafe { KBox::from_raw(value.as_ptr()) });
        }
    }
}
