// SPDX-License-Identifier: GPL-2.0

//! What the bindings of the `kernel` crate lack, since its list of headers does not have
//! `linux/netdevice.h`: functions, constants and small structures by hand, and the layout of
//! `struct net_device`, which depends on the kernel's configuration, by bindgen (see `Kbuild.include`).

use kernel::{
    bindings::{
        netlink_ext_ack,
        notifier_block, //
    },
    prelude::*, //
};

/// What bindgen makes of `struct net_device`.
#[allow(
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    clippy::as_underscore,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    reason = "it is generated; these are the exceptions of rust/bindings/lib.rs"
)]
#[cfg_attr(
    CONFIG_RUSTC_HAS_UNNECESSARY_TRANSMUTES,
    allow(unnecessary_transmutes, reason = "as above")
)]
mod generated {
    use kernel::ffi;

    // What rust/bindgen_parameters leaves out, as rust/bindings/lib.rs has it.
    type __kernel_size_t = usize;
    type __kernel_ssize_t = isize;
    type __kernel_ptrdiff_t = isize;

    include!(env!("NETDEVICE_GENERATED"));
}

pub(super) use self::generated::net_device;

/// `struct netdev_notifier_info`.
#[repr(C)]
pub(super) struct netdev_notifier_info {
    /// The device that something happens to.
    pub(super) dev: *mut net_device,
    /// Where a refusal may say why.
    pub(super) extack: *mut netlink_ext_ack,
}

// Events, from `enum netdev_cmd`.

/// A device is up.
pub(super) const NETDEV_UP: c_ulong = 1;
/// A device is down.
pub(super) const NETDEV_DOWN: c_ulong = 2;
/// A device is going away.
pub(super) const NETDEV_UNREGISTER: c_ulong = 6;
/// A device is about to come up.
pub(super) const NETDEV_PRE_UP: c_ulong = 14;

/// Type of `nlmon` devices, from `include/uapi/linux/if_arp.h`.
pub(super) const ARPHRD_NETLINK: u16 = 824;

/// Answer of a callback that does not refuse, from `include/linux/notifier.h`.
pub(super) const NOTIFY_DONE: c_int = kernel::bindings::NOTIFY_DONE as c_int;

/// Answer of a callback that refuses. Like `notifier_from_errno()`.
pub(super) fn from_error(error: Error) -> c_int {
    kernel::bindings::NOTIFY_STOP_MASK as c_int | (NOTIFY_OK - error.to_errno())
}

/// What errors are counted from.
const NOTIFY_OK: c_int = kernel::bindings::NOTIFY_OK as c_int;

extern "C" {
    /// Adds a block to the chain, and tells it of the devices that there are.
    pub(super) fn register_netdevice_notifier(block: *mut notifier_block) -> c_int;

    /// Takes a block from the chain, after telling it that all devices are down.
    pub(super) fn unregister_netdevice_notifier(block: *mut notifier_block) -> c_int;
}
