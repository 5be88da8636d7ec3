// SPDX-License-Identifier: GPL-2.0

//! The family: what every device's has, with what a device adds.

use core::marker::PhantomData;

use kernel::{
    module::this_module,
    prelude::*, //
};

use crate::irqcast::{
    genetlink::{
        Access,
        AttributePolicy,
        Do,
        Family,
        MulticastGroup,
        Operation,
        Request, //
    },
    protocol::command, //
};

use super::{
    device_get::DeviceGet,
    device_set::DeviceSet,
    history_get::HistoryGet,
    listen::{
        Listen,
        Unlisten, //
    },
    registry, //
};

/// Version of the protocol.
const VERSION: u32 = 1;

/// Number of operations that every family has.
pub(crate) const OPERATIONS: usize = 6;

static GROUPS: [MulticastGroup; 1] = [MulticastGroup::for_net_admin(c"events")];

/// A request of a device's own, which [`Device::request`](super::Device::request) answers.
#[allow(dead_code, reason = "a driver need not have requests of its own")]
pub(crate) trait Ask {
    /// The attributes that the request may have, indexed by their number. The one that names the
    /// device has to be among them.
    const POLICY: &'static [AttributePolicy];
}

/// Passes the request `T` on to the device that it names.
#[allow(dead_code, reason = "a driver need not have requests of its own")]
struct PassOn<T>(PhantomData<T>);

impl<T: Ask> Do for PassOn<T> {
    const POLICY: &'static [AttributePolicy] = T::POLICY;

    fn doit(request: &Request<'_>) -> Result {
        registry::with_device(request, |device, _| device.request(request))
    }
}

/// Returns the operation that passes the request `T`, whose number is `command`, on to the device that
/// it names. Who asks needs `CAP_NET_ADMIN` in the initial user namespace.
#[allow(dead_code, reason = "a driver need not have requests of its own")]
pub(crate) const fn request<T: Ask>(command: u8) -> Operation {
    Operation::new_do::<PassOn<T>>(command, Access::NetAdmin)
}

/// Returns the operations of a family: those that every one has, and the `own` ones of its devices,
/// each of which [`request`] made, in any order.
///
/// There are [`OPERATIONS`] more of them than `own` ones. In const context, another number does not
/// build, and neither does a command that is taken.
pub(crate) const fn operations<const OWN: usize, const ALL: usize>(
    own: [Operation; OWN],
) -> [Operation; ALL] {
    if ALL != OPERATIONS + OWN {
        panic!("a family has `OPERATIONS` operations, and those of its devices");
    }
    let common: [Operation; OPERATIONS] = [
        Operation::new_do::<DeviceGet>(command::DEVICE_GET, Access::Anyone),
        Operation::new_dump::<DeviceGet>(command::DEVICE_GET, Access::Anyone),
        Operation::new_do::<DeviceSet>(command::DEVICE_SET, Access::NetAdmin),
        Operation::new_do::<Listen>(command::LISTEN, Access::NetAdmin),
        Operation::new_do::<Unlisten>(command::UNLISTEN, Access::NetAdmin),
        Operation::new_dump::<HistoryGet>(command::HISTORY_GET, Access::Anyone),
    ];

    let mut all = [common[0]; ALL];
    let mut place = 0;
    while place < ALL {
        all[place] = if place < OPERATIONS {
            common[place]
        } else {
            own[place - OPERATIONS]
        };
        place += 1;
    }
    Operation::sorted(all)
}

/// Returns the family `name`, for a `static`, with what [`operations`] returned.
pub(crate) const fn family(name: &CStr, operations: &'static [Operation]) -> Family {
    Family::with_operations(
        this_module::<crate::LocalModule>(),
        name.to_bytes_with_nul(),
        VERSION,
        operations,
        &GROUPS,
    )
}
