// SPDX-License-Identifier: GPL-2.0

//! What user space asks of a device: `raise`, `factorial` and `dma`.

use kernel::{
    io::Io,
    prelude::*,
    sync::Arc, //
};

use crate::irqcast::{
    Ask,
    AttributePolicy,
    Range,
    Request, //
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

impl Ask for Raise {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::u32_within(&Range::new(1, u32::MAX as u64)),
    ];
}

/// The request `factorial`.
pub(super) enum Factorial {}

impl Ask for Factorial {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(0, FACTORIAL_MAX as u64)),
    ];
}

/// The request `dma`.
pub(super) enum Dma {}

impl Ask for Dma {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(1, DMA_MAX as u64)),
    ];
}

/// Does what `request` asks of `edu`.
pub(super) fn answer(edu: &Arc<EduDevice>, request: &Request<'_>) -> Result {
    match request.command() {
        command::RAISE => raise(edu, request),
        command::FACTORIAL => factorial(edu, request),
        command::DMA => dma(edu, request),
        _ => Err(EOPNOTSUPP),
    }
}

fn raise(edu: &EduDevice, request: &Request<'_>) -> Result {
    let bits = request.u32(request::BITS)?;

    let bar = edu.bar.try_access().ok_or(ENODEV)?;
    bar.write_reg(regs::INTERRUPT_RAISE::from(bits));
    Ok(())
}

fn factorial(edu: &EduDevice, request: &Request<'_>) -> Result {
    let argument = request.u32(request::ARGUMENT)?;

    let bar = edu.bar.try_access().ok_or(ENODEV)?;
    edu.factorial
        .start(&bar, argument)
        .map_err(|error| explain(request, error, "factorial"))
}

fn dma(edu: &Arc<EduDevice>, request: &Request<'_>) -> Result {
    let bytes = request.u32(request::BYTES)?;

    let bar = edu.bar.try_access().ok_or(ENODEV)?;
    edu.start_dma(&bar, bytes)
        .map_err(|error| explain(request, error, "DMA"))
}

/// Says why the device does not start `what`.
fn explain(request: &Request<'_>, error: Error, what: &str) -> Error {
    let Ok(number) = request.u32(request::DEVICE) else {
        // Cannot happen: it is how the request got here.
        return error;
    };
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
