// SPDX-License-Identifier: GPL-2.0

//! The operations `listen` and `unlisten`: a port that wants the events of a device.

use kernel::prelude::*;

use crate::irqcast::{
    genetlink::{
        AttributePolicy,
        Do,
        OnRelease,
        Port,
        Request, //
    },
    protocol::request, //
};

use super::{
    ports::Ports,
    registry, //
};

/// The attributes of both operations.
const POLICY: &[AttributePolicy] = &[AttributePolicy::UNUSED, AttributePolicy::U32];

/// The operation `listen`.
pub(super) enum Listen {}

impl Do for Listen {
    const POLICY: &'static [AttributePolicy] = POLICY;

    fn doit(request: &Request<'_>) -> Result {
        change(request, Ports::add, |error| match error {
            EEXIST => "This port is registered already",
            _ => "Too many ports are registered",
        })
    }
}

/// The operation `unlisten`.
pub(super) enum Unlisten {}

impl Do for Unlisten {
    const POLICY: &'static [AttributePolicy] = POLICY;

    fn doit(request: &Request<'_>) -> Result {
        change(request, Ports::remove, |_| "This port is not registered")
    }
}

/// Changes the ports of the device that `request` names by the port that it came from.
///
/// Requests that get here come one after the other, and so do closed sockets: both hold the lock of
/// the registry.
fn change(
    request: &Request<'_>,
    change: fn(&Ports, Port) -> Result,
    explain: fn(Error) -> &'static str,
) -> Result {
    registry::with_device(request, |device, _| {
        change(device.source().ports(), request.port()?)
            .map_err(|error| request.refuse(error, request::DEVICE, fmt!("{}", explain(error))))
    })
}

/// Removes the ports of sockets that are closed.
pub(super) enum ClosedPorts {}

impl OnRelease for ClosedPorts {
    fn released(port: Port) {
        // Fails when nothing is bound any more; then there are no ports either.
        let _ = registry::for_each_from(0, |device, _| {
            // Most sockets that are closed have never registered.
            let _ = device.source().ports().remove(port);
            Ok(())
        });
    }
}
