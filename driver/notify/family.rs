// SPDX-License-Identifier: GPL-2.0

//! The family: what every device's has, with what a device adds.

use kernel::{
    module::this_module,
    prelude::*, //
};

use crate::{
    genetlink::{
        Access,
        Family,
        MulticastGroup,
        Operation, //
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
    }, //
};

/// Version of the protocol.
const VERSION: u32 = 1;

/// Number of operations that every family has.
pub(crate) const OPERATIONS: usize = 6;

static GROUPS: [MulticastGroup; 1] = [MulticastGroup::for_net_admin(c"events")];

/// Returns the operations of a family: those that every one has, and the `own` ones of its devices,
/// in any order.
///
/// There are [`OPERATIONS`] more of them than `own` ones. In const context, another number does not
/// build, and neither does a command that is taken.
pub(crate) const fn operations<const OWN: usize, const ALL: usize>(
    own: [Operation; OWN],
) -> [Operation; ALL] {
    if ALL != OPERATIONS + OWN {
        panic!("a family has `notify::OPERATIONS` operations, and those of its devices");
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
    Family::new(
        this_module::<crate::LocalModule>(),
        name,
        VERSION,
        operations,
        &GROUPS,
    )
}
