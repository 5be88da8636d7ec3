// SPDX-License-Identifier: GPL-2.0

//! Attributes of a device in sysfs whose readers can wait for a change by `poll`.
//!
//! The kernel crate has nothing for them yet. This knows nothing of its user.
//!
//! C headers: [`include/linux/device.h`](srctree/include/linux/device.h),
//! [`include/linux/kernfs.h`](srctree/include/linux/kernfs.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    prelude::*,
    sync::{
        aref::ARef,
        barrier::{
            smp_mb,
            Full, //
        },
        Arc, //
    },
    types::Opaque, //
};

/// What an attribute shows.
pub(crate) trait Show: Send + Sync + 'static {
    /// Returns the number that the attribute shows at this moment.
    fn show(&self) -> u64;
}

/// A read-only attribute of a device, until this is dropped.
///
/// # Invariants
///
/// `attribute` is registered with `device`.
#[pin_data(PinnedDrop)]
#[repr(C)]
pub(crate) struct DeviceAttribute<T: Show> {
    // First, so that a pointer to it is one to the whole.
    #[pin]
    attribute: Opaque<bindings::device_attribute>,
    device: ARef<Device>,
    value: Arc<T>,
}

// SAFETY: An attribute may be removed by any thread.
unsafe impl<T: Show> Send for DeviceAttribute<T> {}
// SAFETY: Shared references give nothing but the device.
unsafe impl<T: Show> Sync for DeviceAttribute<T> {}

impl<T: Show> DeviceAttribute<T> {
    /// Gives `device` the attribute `name`, which everybody may read.
    pub(crate) fn register<'a>(
        name: &'static CStr,
        device: &'a Device<Bound>,
        value: Arc<T>,
    ) -> impl PinInit<Self, Error> + 'a {
        let raw = as_raw(device);

        try_pin_init!(Self {
            device: device.into(),
            value,
            // INVARIANT: It is registered when this succeeds.
            attribute <- Opaque::try_ffi_init(move |slot: *mut bindings::device_attribute| {
                let mut attribute = bindings::device_attribute::default();
                attribute.attr.name = name.as_char_ptr();
                attribute.attr.mode = 0o444;
                attribute.__bindgen_anon_1.show = Some(Self::show);
                #[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
                {
                    attribute.attr.key = kernel::static_lock_class!().as_ptr();
                }

                // SAFETY: `slot` is valid for writes, and stays where it is until it is unregistered.
                // Device and value are initialised before it and dropped after that.
                unsafe {
                    slot.write(attribute);
                    to_result(bindings::device_create_file(raw, slot))
                }
            }),
        })
    }

    /// Returns the attribute's node, to tell of its changes.
    pub(crate) fn node(&self) -> Result<Node> {
        // SAFETY: By the type invariants the device has a folder in sysfs, and the attribute a name.
        let node = unsafe {
            bindings::kernfs_find_and_get_ns(
                (*as_raw(&self.device)).kobj.sd,
                (*self.attribute.get()).attr.name,
                core::ptr::null(),
            )
        };

        // INVARIANT: It returned a node of a file, with a reference for us.
        NonNull::new(node).map(Node).ok_or(ENOENT)
    }

    /// # Safety
    ///
    /// To be called by sysfs for an attribute that is registered, with a buffer of a page.
    unsafe extern "C" fn show(
        _device: *mut bindings::device,
        attribute: *mut bindings::device_attribute,
        buffer: *mut c_char,
    ) -> isize {
        // SAFETY: It is the first field of a `repr(C)` struct, which stays while it is registered.
        let this = unsafe { &*attribute.cast::<Self>() };
        let value = this.value.show();

        // SAFETY: `buffer` is one that sysfs gave, and the arguments are those of the format.
        let length = unsafe { bindings::sysfs_emit(buffer, c"%llu\n".as_char_ptr(), value) };
        length as isize
    }
}

#[pinned_drop]
impl<T: Show> PinnedDrop for DeviceAttribute<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariants it is registered. This waits for those who read it.
        unsafe { bindings::device_remove_file(as_raw(&self.device), self.attribute.get()) };
    }
}

/// The node of an attribute, which may outlive it.
///
/// # Invariants
///
/// `0` points to a valid node of a file, of which this owns one reference.
pub(crate) struct Node(NonNull<bindings::kernfs_node>);

// SAFETY: A node may be used by any thread.
unsafe impl Send for Node {}
// SAFETY: As above.
unsafe impl Sync for Node {}

impl Node {
    /// Wakes up those who poll the attribute, where anybody has it open. May be called in any
    /// context.
    ///
    /// The kernel's own function also tells those who watch the file by inotify, for which it queues
    /// work. That is too much for every event of a busy device that nobody looks at.
    #[inline]
    pub(crate) fn notify(&self) {
        // Whoever opens it reads it then, both in this order. So either we see that it is open, or
        // he reads what was written before this barrier.
        smp_mb(Full);
        // SAFETY: By the type invariants it is valid, and of a file. The pointer is read at once, and
        // not followed.
        let open =
            unsafe { (&raw const (*self.0.as_ptr()).__bindgen_anon_1.attr.open).read_volatile() };
        if !open.is_null() {
            // SAFETY: By the type invariants it is valid.
            unsafe { bindings::kernfs_notify(self.0.as_ptr()) };
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SAFETY: By the type invariants we own a reference, and give it back here.
        unsafe { bindings::kernfs_put(self.0.as_ptr()) };
    }
}

fn as_raw<C: kernel::device::DeviceContext>(device: &Device<C>) -> *mut bindings::device {
    // CAST: `Device` is a transparent wrapper.
    core::ptr::from_ref(device).cast_mut().cast()
}
