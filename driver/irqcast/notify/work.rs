// SPDX-License-Identifier: GPL-2.0

//! What [`kernel::workqueue`] lacks: cancelling work.

use kernel::{
    bindings,
    sync::Arc,
    workqueue::{
        HasWork,
        Work,
        WorkItem, //
    }, //
};

/// Makes sure that the work of `item` is neither waiting nor running any more.
///
/// Waits for it if it runs. Must be called where sleeping is allowed.
pub(super) fn cancel_sync<T>(item: &Arc<T>)
where
    T: HasWork<T> + WorkItem<Pointer = Arc<T>>,
{
    let item = Arc::as_ptr(item);

    // SAFETY: `item` points to a valid value, because the caller has a reference to it.
    let work = unsafe { Work::raw_get(T::raw_get_work(item.cast_mut())) };

    // SAFETY: As above.
    if unsafe { bindings::cancel_work_sync(work) } {
        // SAFETY: The work was waiting and will not run, so nobody else takes back the reference
        // that enqueueing it turned into a raw pointer.
        drop(unsafe { Arc::from_raw(item) });
    }
}
