// SPDX-License-Identifier: GPL-2.0

//! The operation `device-set`: how a device tells of its interrupts.

use kernel::prelude::*;

use crate::{
    genetlink::{
        AttributePolicy,
        Do,
        Range,
        Request, //
    },
    protocol::{
        request,
        PATHS_MAX, //
    }, //
};

use super::{
    paths::PathSet,
    registry, //
};

/// The operation `device-set`.
pub(crate) enum DeviceSet {}

impl Do for DeviceSet {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(0, PATHS_MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        registry::with_device(request, |device, _| {
            let paths = PathSet::from_bits(request.u32(request::PATHS)?);
            device.source().switch(paths);
            Ok(())
        })
    }
}
