// SPDX-License-Identifier: GPL-2.0

//! A value that belongs to whoever's turn it is, and that nobody waits for.

use core::{
    cell::UnsafeCell,
    ops::{
        Deref,
        DerefMut, //
    },
    sync::atomic::{
        AtomicU32,
        Ordering, //
    }, //
};

use kernel::{
    prelude::*,
    sync::barrier::{
        smp_mb,
        Full, //
    }, //
};

/// Who may have the turn.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Holder {
    /// The interrupt handler.
    Handler = 1,
    /// Someone to whom the handler left it.
    Later = 2,
}

/// Nobody has the turn.
const FREE: u32 = 0;

/// A value of which there is one user at a time.
///
/// The handler may be one, and it may have interrupted another, so there is no waiting: who does not
/// get the turn has to make sure otherwise that the work is done.
///
/// The holder is an atomic of Rust's own library, not of the `kernel` crate, where each access is a
/// call of a C function: the handler takes a turn for every event.
pub(super) struct Turn<T> {
    holder: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: `holder` hands the value from one user to the next, which may be on another processor.
unsafe impl<T: Send> Sync for Turn<T> {}

impl<T> Turn<T> {
    /// A value of which nobody has the turn.
    pub(super) const fn new(value: T) -> Self {
        Self {
            holder: AtomicU32::new(FREE),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the turn, if nobody has it.
    ///
    /// Whatever the outcome, everything that was written before is visible to whoever takes or
    /// gives up the turn later, and what is read after is not older than that.
    #[inline]
    pub(super) fn try_take(&self, holder: Holder) -> Option<Taken<'_, T>> {
        let taken = self
            .holder
            .compare_exchange(FREE, holder as u32, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
        // On x86 the instruction is a barrier, whether it succeeds or not.
        if !cfg!(CONFIG_X86) {
            smp_mb(Full);
        }
        // Not made where it was not taken: dropping it ends the turn of whoever has it.
        taken.then(|| Taken(self))
    }

    /// Returns whether the handler has the turn.
    ///
    /// What was written before is visible to a handler that takes the turn after this returned
    /// `false`.
    pub(super) fn is_handlers(&self) -> bool {
        smp_mb(Full);
        self.holder.load(Ordering::Acquire) == Holder::Handler as u32
    }
}

/// The turn. It ends when this is dropped.
pub(super) struct Taken<'a, T>(&'a Turn<T>);

impl<T> Deref for Taken<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: It is our turn, so nobody else uses the value.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Taken<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: It is our turn, so nobody else uses the value.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Taken<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.holder.store(FREE, Ordering::Release);
    }
}

#[kunit_tests(irqcast_turn)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_turn() {
        let turn = Turn::new(1);
        for (holder, is_handlers) in [(Holder::Handler, true), (Holder::Later, false)] {
            let taken = turn.try_take(holder);
            assert!(taken.is_some());
            assert_eq!(turn.is_handlers(), is_handlers);
            // Trying takes it from nobody.
            assert!(turn.try_take(Holder::Handler).is_none());
            assert!(turn.try_take(Holder::Later).is_none());
            assert_eq!(turn.is_handlers(), is_handlers);
            drop(taken);
            assert!(!turn.is_handlers());
        }
    }
}
