// SPDX-License-Identifier: GPL-2.0

//! What [`kernel::workqueue`] lacks: cancelling delayed work, and the queue to use.

use kernel::{
    bindings,
    container_of,
    sync::Arc,
    workqueue::{
        HasDelayedWork,
        Queue,
        Work,
        WorkItem, //
    }, //
};

/// Returns the queue for work that does not care where it runs.
///
/// The kernel warns of those of its queues that [`kernel::workqueue`] has for this.
pub(super) fn queue() -> &'static Queue {
    // SAFETY: The kernel makes `system_dfl_wq` before it loads modules, and keeps it.
    unsafe { Queue::from_raw(bindings::system_dfl_wq) }
}

/// Makes sure that the delayed work of `item` is neither waiting nor running any more.
///
/// Waits for it if it runs. It may be enqueued again afterwards. Must be called where sleeping is
/// allowed.
pub(super) fn cancel_sync<T>(item: &Arc<T>)
where
    T: HasDelayedWork<T> + WorkItem<Pointer = Arc<T>>,
{
    let item = Arc::as_ptr(item);

    // SAFETY: `item` points to a valid value. Since `T` has delayed work, its `Work` is the field
    // `work` of a `delayed_work`.
    let work = unsafe {
        let work = Work::raw_get(T::raw_get_work(item.cast_mut()));
        container_of!(work, bindings::delayed_work, work)
    };

    // SAFETY: `work` is valid, because the caller has a reference to what contains it.
    if unsafe { bindings::cancel_delayed_work_sync(work) } {
        // SAFETY: The work was waiting and will not run, so nobody else takes back the reference
        // that enqueueing it turned into a raw pointer.
        drop(unsafe { Arc::from_raw(item) });
    }
}
