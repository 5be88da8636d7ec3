// SPDX-License-Identifier: GPL-2.0

//! Families, their multicast groups, and their registration.

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

use super::{
    operation::Operation, //
};

/// A multicast group of a family.
///
/// # Invariants
///
/// It is constant data, and its name ends with a NUL.
#[repr(transparent)]
pub(crate) struct MulticastGroup(bindings::genl_multicast_group);

// SAFETY: By the type invariants it is constant data.
unsafe impl Sync for MulticastGroup {}

impl MulticastGroup {
    /// A group that anyone may join who has `CAP_NET_ADMIN` in the user namespace of its network
    /// namespace.
    ///
    /// In const context, a name that is too long does not build.
    pub(crate) const fn for_net_admin(name: &CStr) -> Self {
        // Like `GENL_MCAST_CAP_NET_ADMIN`, which is a macro that bindgen cannot read.
        const NET_ADMIN: u8 = 1 << 0;

        let mut group: bindings::genl_multicast_group = pin_init::zeroed();
        group.name = padded(name);
        group.flags = NET_ADMIN;
        Self(group)
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
pub(crate) struct Family(Opaque<bindings::genl_family>);

// SAFETY: Only `genl_register_family` and `genl_unregister_family` write to it, which serialise
// themselves.
unsafe impl Sync for Family {}

impl Family {
    /// Creates a family, for a `static`.
    ///
    /// `operations` must be sorted by command, a do before a dump of the same command. In const
    /// context, a name or a slice that is too long does not build.
    pub(crate) const fn new(
        module: &'static ThisModule,
        name: &CStr,
        version: u32,
        operations: &'static [Operation],
        groups: &'static [MulticastGroup],
    ) -> Self {
        if operations.len() > u8::MAX as usize || groups.len() > u8::MAX as usize {
            panic!("a family has at most 255 operations and 255 groups");
        }

        let mut family: bindings::genl_family = pin_init::zeroed();
        family.name = padded(name);
        family.version = version;
        family._bitfield_1 = bindings::__BindgenBitfieldUnit::new([PARALLEL_OPS]);
        family.module = module.as_ptr();
        // CAST: `Operation` and `MulticastGroup` are transparent wrappers.
        family.split_ops = operations.as_ptr().cast();
        family.n_split_ops = operations.len() as bindings::u8_;
        family.mcgrps = groups.as_ptr().cast();
        family.n_mcgrps = groups.len() as bindings::u8_;

        // INVARIANT: What it points to is `'static`.
        Self(Opaque::new(family))
    }

    /// Registers the family, so that it can be found by its name and its requests arrive.
    ///
    /// Returns [`EEXIST`] when there is one of that name already.
    pub(crate) fn register(&'static self) -> Result<Registration> {
        // SAFETY: By the type invariants the family is set up, and it outlives its registration
        // because it is `'static`.
        to_result(unsafe { bindings::genl_register_family(self.0.get()) })?;

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
    family: &'static Family,
}

impl Registration {
    /// Returns the family, which stays registered while `self` lives.
    pub(super) fn as_raw(&self) -> *mut bindings::genl_family {
        self.family.0.get()
    }

    /// Returns the number of multicast groups of the family.
    pub(super) fn groups(&self) -> u32 {
        // SAFETY: The family is valid, and the number does not change.
        unsafe { (*self.as_raw()).n_mcgrps.into() }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: By the type invariants the family is registered, and only we end that.
        unsafe { bindings::genl_unregister_family(self.as_raw()) };
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

/// Copies a name to the start of an array, which must have room for it and its NUL.
const fn padded<const N: usize>(name: &CStr) -> [c_char; N] {
    let name = name.to_bytes_with_nul();
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

#[kunit_tests(irqcast_genetlink_family)]
mod tests {
    use super::*;

    #[test]
    fn bitfield_is_the_one_of_c() {
        let mut family = bindings::genl_family::default();
        family.set_parallel_ops(1);
        assert_eq!(family._bitfield_1.get(0, 8) as u8, PARALLEL_OPS);
    }
}
