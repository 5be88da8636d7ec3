// SPDX-License-Identifier: GPL-2.0

//! Device nodes.

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    prelude::*,
    str::CString,
    sync::Arc,
    types::Opaque, //
};

use super::{
    operations::Operations,
    OpenFile, //
};

/// A device node in `/dev`, until this is dropped. Files that are open then stay open.
///
/// Only root may open it, unless someone like udev changes its permissions.
///
/// # Invariants
///
/// `misc` is registered, and named by `_name`.
#[pin_data(PinnedDrop)]
#[repr(C)]
pub(crate) struct CharDevice<T: OpenFile> {
    // First, so that a pointer to it is one to the whole.
    #[pin]
    misc: Opaque<bindings::miscdevice>,
    device: Arc<T::Device>,
    _name: CString,
}

// SAFETY: A device may be unregistered by any thread.
unsafe impl<T: OpenFile> Send for CharDevice<T> {}
// SAFETY: Shared references give nothing but the device, which is `Sync`.
unsafe impl<T: OpenFile> Sync for CharDevice<T> {}

impl<T: OpenFile> CharDevice<T> {
    /// Makes the node `name` for `device`, which belongs to `parent`.
    pub(crate) fn register(
        name: CString,
        parent: &Device<Bound>,
        device: Arc<T::Device>,
    ) -> impl PinInit<Self, Error> + '_ {
        // CAST: `Device` is a transparent wrapper.
        let parent: *mut bindings::device = core::ptr::from_ref(parent).cast_mut().cast();
        // The text is in memory of its own and stays where it is.
        let text = name.as_char_ptr();

        try_pin_init!(Self {
            device,
            _name: name,
            // INVARIANT: It is registered when this succeeds.
            misc <- Opaque::try_ffi_init(move |slot: *mut bindings::miscdevice| {
                let misc = bindings::miscdevice {
                    minor: bindings::MISC_DYNAMIC_MINOR as c_int,
                    name: text,
                    fops: Operations::<T>::TABLE,
                    parent,
                    ..Default::default()
                };

                // SAFETY: `slot` is valid for writes, and stays where it is. What it points to lives
                // until it is unregistered: the name and the device are initialised before it and
                // dropped after that, and the parent is referenced by the device that
                // `misc_register()` makes.
                unsafe {
                    slot.write(misc);
                    to_result(bindings::misc_register(slot))
                }
            }),
        })
    }

    /// Returns what the node stands for.
    pub(super) fn device(&self) -> &Arc<T::Device> {
        &self.device
    }

    /// Returns the registration that contains `misc`.
    ///
    /// # Safety
    ///
    /// `misc` must be part of a registration of files `T`, which stays registered during `'a`.
    pub(super) unsafe fn from_raw<'a>(misc: *mut bindings::miscdevice) -> &'a Self {
        // SAFETY: By the safety requirements. It is the first field of a `repr(C)` struct.
        unsafe { &*misc.cast() }
    }
}

#[pinned_drop]
impl<T: OpenFile> PinnedDrop for CharDevice<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariants it is registered.
        unsafe { bindings::misc_deregister(self.misc.get()) };
    }
}
