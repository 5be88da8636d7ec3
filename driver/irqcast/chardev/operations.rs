// SPDX-License-Identifier: GPL-2.0

//! The operations of an open file.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    iov::IovIterDest,
    mm::virt::VmaNew,
    module::this_module,
    prelude::*,
    sync::Arc,
    types::ForeignOwnable, //
};

use super::{
    registration::CharDevice,
    Polling,
    Readiness,
    SignalQueue, //
};

/// How long a reader is willing to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Until there is something to read.
    Sleep,
    /// Not for something to read: `O_NONBLOCK`.
    DontSleep,
    /// Not even for a lock: `RWF_NOWAIT`, and attempts of io_uring.
    DontBlock,
}

/// A file that is open: one for each `open`, which `dup` and `fork` share.
pub(crate) trait OpenFile: Sized + Send + Sync + 'static {
    /// What the device node stands for.
    type Device: Send + Sync + 'static;

    /// The module that the operations are part of.
    type Module: kernel::ModuleMetadata;

    /// Opens a file.
    fn open(device: &Arc<Self::Device>) -> impl PinInit<Self, Error>;

    /// Returns where files of the device wait for signals.
    fn signals(device: &Self::Device) -> &SignalQueue;

    /// Reads, and returns how many bytes.
    fn read(&self, to: &mut IovIterDest<'_>, patience: Patience) -> Result<usize>;

    /// Returns what the file is ready for.
    fn poll(&self, polling: &Polling<'_>) -> Readiness;

    /// Does what an `ioctl` asks for.
    fn ioctl(&self, command: u32, argument: usize) -> Result<isize>;

    /// Maps what is at `offset` pages.
    fn mmap(&self, area: &VmaNew, offset: usize) -> Result;
}

/// What the private data of an open file points to.
///
/// # Invariants
///
/// `signals` is part of `_device`.
#[pin_data]
pub(super) struct Opened<T: OpenFile> {
    #[pin]
    file: T,
    signals: NonNull<SignalQueue>,
    _device: Arc<T::Device>,
}

// SAFETY: The pointer is used as a reference to something that is `Sync`.
unsafe impl<T: OpenFile> Send for Opened<T> {}
// SAFETY: As above.
unsafe impl<T: OpenFile> Sync for Opened<T> {}

/// The operations of the files `T`.
pub(super) struct Operations<T: OpenFile>(PhantomData<T>);

impl<T: OpenFile> Operations<T> {
    /// The operations, for C code.
    pub(super) const TABLE: &'static bindings::file_operations = &bindings::file_operations {
        owner: this_module::<T::Module>().as_ptr(),
        open: Some(Self::open),
        release: Some(Self::release),
        read_iter: Some(Self::read_iter),
        poll: Some(Self::poll),
        unlocked_ioctl: Some(Self::ioctl),
        #[cfg(CONFIG_COMPAT)]
        compat_ioctl: bindings::compat_ptr_ioctl,
        mmap: Some(Self::mmap),
        fasync: Some(Self::fasync),
        ..pin_init::zeroed()
    };

    /// Returns what the file's private data points to.
    ///
    /// # Safety
    ///
    /// `file` must be a file with these operations that is open for all of `'a`.
    unsafe fn opened<'a>(file: *mut bindings::file) -> Pin<&'a Opened<T>> {
        // SAFETY: `open` put it there, and nobody changes it until `release`.
        unsafe { <Pin<KBox<Opened<T>>> as ForeignOwnable>::borrow((*file).private_data) }
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file that is being opened, with these operations.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        /// Like `FMODE_NOWAIT`, which is a macro that bindgen cannot read: reads heed `IOCB_NOWAIT`.
        const NOWAIT: bindings::fmode_t = 1 << 27;

        // SAFETY: The file is being opened, so nobody else uses it. It has no position: two threads
        // may read it at the same time.
        unsafe {
            bindings::stream_open(inode, file);
            (*file).f_mode |= NOWAIT;
        }

        // SAFETY: `misc_open()` put a pointer to the device's registration there, which cannot be
        // undone during this call.
        let registration = unsafe { CharDevice::<T>::from_raw((*file).private_data.cast()) };
        let device = registration.device();

        let opened = KBox::try_pin_init(
            try_pin_init!(Opened {
                file <- T::open(device),
                // INVARIANT: It is part of the device, which `_device` keeps.
                signals: NonNull::from(T::signals(device)),
                _device: device.clone(),
            }),
            GFP_KERNEL,
        );

        match opened {
            Ok(opened) => {
                // SAFETY: Nobody else uses the file yet.
                unsafe { (*file).private_data = opened.into_foreign() };
                0
            }
            Err(error) => error.to_errno(),
        }
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file with these operations, which nobody uses any more.
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open` put it there, and this is the last to use it.
        drop(unsafe { Pin::<KBox<Opened<T>>>::from_foreign((*file).private_data) });
        0
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file with these operations.
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        to: *mut bindings::iov_iter,
    ) -> isize {
        /// Like `IOCB_NOWAIT`, which is a macro that bindgen cannot read.
        const NOWAIT: c_int = 8;

        // SAFETY: The VFS passes valid pointers.
        let (file, to, io_flags) = unsafe {
            (
                (*kiocb).ki_filp,
                IovIterDest::from_raw(to),
                (*kiocb).ki_flags,
            )
        };
        // SAFETY: The file is valid. Flags may be changed at any time.
        let file_flags = unsafe { (&raw const (*file).f_flags).read_volatile() };
        let patience = if io_flags & NOWAIT != 0 {
            Patience::DontBlock
        } else if file_flags & bindings::O_NONBLOCK != 0 {
            Patience::DontSleep
        } else {
            Patience::Sleep
        };

        // SAFETY: The file is open during the call.
        match unsafe { Self::opened(file) }.file.read(to, patience) {
            Ok(bytes) => bytes as isize,
            Err(error) => error.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file with these operations.
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table_struct,
    ) -> bindings::__poll_t {
        // SAFETY: They are what this call was given.
        let polling = unsafe { Polling::new(file, table) };

        // SAFETY: The file is open during the call.
        unsafe { Self::opened(file) }.file.poll(&polling).bits()
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file with these operations.
    unsafe extern "C" fn ioctl(
        file: *mut bindings::file,
        command: c_uint,
        argument: c_ulong,
    ) -> c_long {
        // SAFETY: The file is open during the call.
        match unsafe { Self::opened(file) }.file.ioctl(command, argument) {
            Ok(value) => value as c_long,
            Err(error) => error.to_errno() as c_long,
        }
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file with these operations, with a new area.
    unsafe extern "C" fn mmap(
        file: *mut bindings::file,
        area: *mut bindings::vm_area_struct,
    ) -> c_int {
        // SAFETY: The area is being set up, and used by nobody else.
        let (offset, area) = unsafe { ((*area).vm_pgoff, VmaNew::from_raw(area)) };

        // SAFETY: The file is open during the call.
        match unsafe { Self::opened(file) }.file.mmap(area, offset) {
            Ok(()) => 0,
            Err(error) => error.to_errno(),
        }
    }

    /// # Safety
    ///
    /// To be called by the VFS for a file with these operations.
    unsafe extern "C" fn fasync(descriptor: c_int, file: *mut bindings::file, on: c_int) -> c_int {
        // SAFETY: The file is open during the call.
        let opened = unsafe { Self::opened(file) };
        // SAFETY: By the type invariants it is part of the device, which `opened` keeps.
        let signals = unsafe { opened.signals.as_ref() };

        // SAFETY: The arguments are those of this call. The file keeps the device until it is
        // released, before which the VFS calls this to take it away.
        match unsafe { signals.change(descriptor, file, on) } {
            Ok(()) => 0,
            Err(error) => error.to_errno(),
        }
    }
}
