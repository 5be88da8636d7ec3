// SPDX-License-Identifier: GPL-2.0

//! The operation `device-get`: devices and their counters.

use kernel::prelude::*;

use crate::irqcast::genetlink::{
    AttributePolicy,
    Do,
    Dump,
    Dumper,
    Request, //
};

use super::registry;

/// The operation `device-get`.
pub(super) enum DeviceGet {}

impl Do for DeviceGet {
    const POLICY: &'static [AttributePolicy] = &[AttributePolicy::UNUSED, AttributePolicy::U32];

    fn doit(request: &Request<'_>) -> Result {
        registry::with_device(request, |device, family| {
            let source = device.source();
            request.reply(family, source.size(), |attributes| source.put(attributes))
        })
    }
}

impl Dump for DeviceGet {
    fn dump(dumper: &mut Dumper<'_>) -> Result {
        registry::for_each_from(dumper.position(), |device, family| {
            let source = device.source();
            dumper.message(family, |attributes| source.put(attributes))?;
            // The position is the lowest number that is still to come.
            dumper.set_position(source.number() as usize + 1);
            Ok(())
        })
    }
}
