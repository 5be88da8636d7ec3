// SPDX-License-Identifier: GPL-2.0

//! What user space asks of a device: `raise`, `factorial` and `dma`.

use kernel::{
    io::Io,
    prelude::*,
    sync::Arc, //
};

use crate::{
    genetlink::{
        AttributePolicy,
        Do,
        Range,
        Request, //
    },
    notify::{
        self,
        Device,
        Source, //
    }, //
};

use super::{
    edu_device::EduDevice,
    protocol::{
        command,
        request,
        DMA_MAX,
        FACTORIAL_MAX, //
    },
    regs, //
};

/// The request `raise`.
pub(super) enum Raise {}

impl Do for Raise {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::u32_within(&Range::new(1, u32::MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        notify::pass_to_device(request)
    }
}

/// The request `factorial`.
pub(super) enum Factorial {}

impl Do for Factorial {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(0, FACTORIAL_MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        notify::pass_to_device(request)
    }
}

/// The request `dma`.
pub(super) enum Dma {}

impl Do for Dma {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(1, DMA_MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        notify::pass_to_device(request)
    }
}

/// A device that requests can reach.
pub(super) struct Reachable(pub(super) Arc<EduDevice>);

impl Device for Reachable {
    fn source(&self) -> &Arc<Source> {
        self.0.notifier.source()
    }

    fn request(&self, request: &Request<'_>) -> Result {
        match request.command() {
            command::RAISE => self.raise(request),
            command::FACTORIAL => self.factorial(request),
            command::DMA => self.dma(request),
            _ => Err(EOPNOTSUPP),
        }
    }
}

impl Reachable {
    fn raise(&self, request: &Request<'_>) -> Result {
        let bits = request.u32(request::BITS)?;

        let bar = self.0.bar.try_access().ok_or(ENODEV)?;
        bar.write_reg(regs::INTERRUPT_RAISE::from(bits));
        Ok(())
    }

    fn factorial(&self, request: &Request<'_>) -> Result {
        let argument = request.u32(request::ARGUMENT)?;

        let bar = self.0.bar.try_access().ok_or(ENODEV)?;
        self.0
            .factorial
            .start(&bar, argument)
            .map_err(|error| self.explain(request, error, "factorial"))
    }

    fn dma(&self, request: &Request<'_>) -> Result {
        let bytes = request.u32(request::BYTES)?;

        let bar = self.0.bar.try_access().ok_or(ENODEV)?;
        self.0
            .start_dma(&bar, bytes)
            .map_err(|error| self.explain(request, error, "DMA"))
    }

    /// Says why the device does not start `what`.
    fn explain(&self, request: &Request<'_>, error: Error, what: &str) -> Error {
        let number = self.source().number();
        let reason = match error {
            EBUSY => "is busy until the event of an earlier one",
            _ => "failed to start",
        };
        request.refuse(
            error,
            request::DEVICE,
            fmt!("Device {}: {} {}", number, what, reason),
        )
    }
}
