// SPDX-License-Identifier: GPL-2.0

//! Who may join a multicast group.

use kernel::prelude::*;

use super::MulticastGroup;

impl MulticastGroup {
    /// A group that anyone may join who has `CAP_NET_ADMIN` in the user namespace of its network
    /// namespace.
    ///
    /// In const context, a name that is too long does not build.
    pub(crate) const fn for_net_admin(name: &CStr) -> Self {
        // Like `GENL_MCAST_CAP_NET_ADMIN`, which is a macro that bindgen cannot read.
        const NET_ADMIN: u8 = 1 << 0;

        let mut group = Self::const_new(name);
        group.group.flags = NET_ADMIN;
        group
    }
}

#[kunit_tests(irqcast_genetlink_family)]
mod tests {
    use super::*;

    #[test]
    fn only_the_capability_is_added() {
        let (anyone, admin) = (
            MulticastGroup::const_new(c"events").group,
            MulticastGroup::for_net_admin(c"events").group,
        );
        assert_eq!(admin.name, anyone.name);
        assert_eq!((anyone.flags, admin.flags), (0, 1));
    }
}
