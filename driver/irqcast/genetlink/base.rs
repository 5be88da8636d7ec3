// SPDX-License-Identifier: GPL-2.0

//! The types that [`kernel::net::netlink`] has already.
//!
//! They are here once more because all else in this folder is written as additions to them, which reach
//! what is private in them; and because a family of Linux 7.3 lives in all network namespaces, and
//! memory is asked for with flags that only the `kernel` crate can read. What is here is not meant to go
//! to the kernel. Names, fields and functions are those of the kernel.

use core::ptr::NonNull;

use kernel::{
    alloc::AllocError,
    bindings,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

use super::gfp::Gfp;

/// A reference to a `struct sk_buff` that holds a generic netlink message.
///
/// # Invariants
///
/// The pointer has ownership of one reference to a valid `sk_buff`.
pub(crate) struct NetlinkSkBuff {
    /// The buffer.
    pub(super) skb: NonNull<bindings::sk_buff>,
}

impl NetlinkSkBuff {
    /// Allocates a buffer for a message with `size` bytes of attributes; the headers are added.
    pub(crate) fn new(size: usize, flags: Gfp) -> Result<Self, AllocError> {
        // SAFETY: `genlmsg_new` only requires its arguments to be valid integers.
        let skb = unsafe { bindings::genlmsg_new(size, flags.as_raw()) };

        // INVARIANT: `genlmsg_new` returned a new buffer whose only reference is ours.
        NonNull::new(skb).map(|skb| Self { skb }).ok_or(AllocError)
    }

    /// Starts a message of the family in it.
    pub(crate) fn genlmsg_put(
        self,
        portid: u32,
        seq: u32,
        family: &'static Family,
        cmd: u8,
    ) -> Result<GenlMsg, AllocError> {
        // SAFETY: The buffer and the family are valid.
        let hdr = unsafe {
            bindings::genlmsg_put(self.skb.as_ptr(), portid, seq, family.as_raw(), 0, cmd)
        };

        // INVARIANT: `hdr` is what `genlmsg_put` returned.
        NonNull::new(hdr)
            .map(|hdr| GenlMsg { skb: self, hdr })
            .ok_or(AllocError)
    }
}

impl Drop for NetlinkSkBuff {
    fn drop(&mut self) {
        // SAFETY: By the type invariants we own a reference, and give it back here.
        unsafe { bindings::consume_skb(self.skb.as_ptr()) };
    }
}

/// A message that is being built, in a buffer of its own.
///
/// # Invariants
///
/// `hdr` is what `genlmsg_put` returned for the only message in `skb`.
pub(crate) struct GenlMsg {
    /// The buffer.
    pub(super) skb: NetlinkSkBuff,
    /// The header in it.
    pub(super) hdr: NonNull<c_void>,
}

impl Drop for GenlMsg {
    fn drop(&mut self) {
        // SAFETY: By the type invariants `hdr` belongs to the message in `skb`.
        unsafe { bindings::genlmsg_cancel(self.skb.skb.as_ptr(), self.hdr.as_ptr()) };
    }
}

/// A multicast group of a family.
///
/// # Invariants
///
/// It is constant data, and its name ends with a NUL.
#[repr(transparent)]
pub(crate) struct MulticastGroup {
    /// What C code knows of it.
    pub(super) group: bindings::genl_multicast_group,
}

// SAFETY: By the type invariants it is constant data.
unsafe impl Sync for MulticastGroup {}

impl MulticastGroup {
    /// A group that anyone may join.
    ///
    /// In const context, a name that is too long does not build.
    pub(crate) const fn const_new(name: &CStr) -> Self {
        let mut group: bindings::genl_multicast_group = pin_init::zeroed();
        group.name = padded(name.to_bytes_with_nul());
        Self { group }
    }
}

/// A generic netlink family.
///
/// It lives in the initial network namespace only, and its operations run in parallel.
///
/// # Invariants
///
/// Operations, multicast groups and module are valid for as long as the module is loaded.
#[repr(transparent)]
pub(crate) struct Family {
    /// What C code knows of it.
    pub(super) inner: Opaque<bindings::genl_family>,
}

// SAFETY: Only `genl_register_family` and `genl_unregister_family` write to it, which serialise
// themselves.
unsafe impl Sync for Family {}

impl Family {
    /// Creates a family without operations, for a `static`. The name ends with a NUL.
    ///
    /// In const context, a name or a slice that is too long does not build.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) const fn const_new(
        module: &ThisModule,
        name: &[u8],
        version: u32,
        mcgrps: &'static [MulticastGroup],
    ) -> Self {
        // INVARIANT: What it points to is `'static`.
        Self {
            inner: Opaque::new(Self::genl_family(module, name, version, mcgrps)),
        }
    }

    /// Returns a family without operations as C code knows one.
    pub(super) const fn genl_family(
        module: &ThisModule,
        name: &[u8],
        version: u32,
        mcgrps: &'static [MulticastGroup],
    ) -> bindings::genl_family {
        if mcgrps.len() > u8::MAX as usize {
            panic!("a family has at most 255 groups");
        }

        let mut family: bindings::genl_family = pin_init::zeroed();
        family.name = padded(name);
        family.version = version;
        family._bitfield_1 = bindings::__BindgenBitfieldUnit::new([PARALLEL_OPS]);
        family.module = module.as_ptr();
        // CAST: `MulticastGroup` is a transparent wrapper.
        family.mcgrps = mcgrps.as_ptr().cast();
        family.n_mcgrps = mcgrps.len() as bindings::u8_;
        family
    }

    /// Returns the family as C code knows it.
    pub(crate) fn as_raw(&self) -> *mut bindings::genl_family {
        self.inner.get()
    }

    /// Registers the family, so that it can be found by its name and its requests arrive.
    ///
    /// Returns [`EEXIST`] when there is one of that name already.
    pub(crate) fn register(&'static self) -> Result<Registration> {
        // SAFETY: By the type invariants the family is set up, and it outlives its registration
        // because it is `'static`.
        to_result(unsafe { bindings::genl_register_family(self.as_raw()) })?;

        // INVARIANT: The family was just registered.
        Ok(Registration { family: self })
    }
}

/// The registration of a family, which ends when this is dropped.
///
/// Dropping it waits for requests that are being handled, so it must not be dropped by one of them,
/// or with a lock held that they take.
///
/// # Invariants
///
/// `family` is registered.
pub(crate) struct Registration {
    /// The family.
    pub(super) family: &'static Family,
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: By the type invariants the family is registered, and only we end that.
        unsafe { bindings::genl_unregister_family(self.family.as_raw()) };
    }
}

/// The bitfield of `struct genl_family` with `parallel_ops` set and `netnsok` not.
///
/// The setters that bindgen makes are not `const`.
const PARALLEL_OPS: u8 = if cfg!(target_endian = "big") {
    1 << 6
} else {
    1 << 1
};

/// Copies a name, with the NUL that ends it, to the start of an array, which must have room for it.
const fn padded<const N: usize>(name: &[u8]) -> [c_char; N] {
    if name.len() > N {
        panic!("the name is too long");
    }

    let mut array = [0; N];
    let mut i = 0;
    while i < name.len() {
        array[i] = name[i];
        i += 1;
    }
    array
}

#[kunit_tests(irqcast_genetlink_base)]
mod tests {
    use super::*;

    #[test]
    fn bitfield_is_the_one_of_c() {
        let mut family = bindings::genl_family::default();
        family.set_parallel_ops(1);
        assert_eq!(family._bitfield_1.get(0, 8) as u8, PARALLEL_OPS);
    }
}
