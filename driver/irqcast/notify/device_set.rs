// SPDX-License-Identifier: GPL-2.0

//! The operation `device-set`: how a device tells of its interrupts.

use kernel::prelude::*;

use crate::irqcast::{
    genetlink::{
        AttributePolicy,
        Do,
        Range,
        Request, //
    },
    protocol::{
        context,
        request,
        PATHS_MAX, //
    }, //
};

use super::{
    context::Context,
    paths::PathSet,
    registry,
    taps, //
};

/// The operation `device-set`.
pub(super) enum DeviceSet {}

impl Do for DeviceSet {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(0, PATHS_MAX as u64)),
        AttributePolicy::u32_within(&Range::new(0, context::THREAD as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        registry::with_device(request, |device, _| {
            let source = device.source();

            // Something has to be asked for, and all of it must be right.
            let (has_context, has_paths) =
                (request.has(request::CONTEXT), request.has(request::PATHS));
            let paths = if has_paths || !has_context {
                Some(PathSet::from_bits(request.u32(request::PATHS)?))
            } else {
                None
            };

            if has_context {
                let context = Context::from_raw(request.u32(request::CONTEXT)?)?;
                taps::set_context(source, context).map_err(|error| {
                    request.refuse(
                        error,
                        request::CONTEXT,
                        fmt!("A netlink tap (nlmon) is up: not in hard interrupt context"),
                    )
                })?;
            }
            if let Some(paths) = paths {
                source.switch(paths);
            }
            Ok(())
        })
    }
}
