// SPDX-License-Identifier: GPL-2.0

//! What the bindings of the `kernel` crate lack, since its list of headers does not have
//! `linux/netfilter.h`. The structure is that of Linux 7.3, which no configuration changes.

use kernel::{
    bindings::{
        list_head,
        sock,
        sockptr_t, //
    },
    prelude::*, //
};

/// Protocol family of IPv4.
pub(super) const PF_INET: u8 = 2;

/// `struct nf_sockopt_ops`.
#[repr(C)]
#[derive(Zeroable)]
pub(super) struct nf_sockopt_ops {
    /// Used by netfilter.
    pub(super) list: list_head,
    /// Protocol family.
    pub(super) pf: u8,
    /// First option that `set` takes.
    pub(super) set_optmin: c_int,
    /// First option behind those.
    pub(super) set_optmax: c_int,
    /// Sets an option.
    pub(super) set: Option<unsafe extern "C" fn(*mut sock, c_int, sockptr_t, c_uint) -> c_int>,
    /// First option that `get` takes.
    pub(super) get_optmin: c_int,
    /// First option behind those.
    pub(super) get_optmax: c_int,
    /// Gets an option.
    pub(super) get:
        Option<unsafe extern "C" fn(*mut sock, c_int, *mut c_void, *mut c_int) -> c_int>,
    /// The `struct module` that the callbacks belong to.
    pub(super) owner: *mut c_void,
}

extern "C" {
    /// Claims a range of options, or fails with `EBUSY`.
    pub(super) fn nf_register_sockopt(operations: *mut nf_sockopt_ops) -> c_int;

    /// Gives it back.
    pub(super) fn nf_unregister_sockopt(operations: *mut nf_sockopt_ops);
}
