// SPDX-License-Identifier: GPL-2.0

//! QEMU's `edu` device.
//!
//! - [`regs`] are its registers, and [`identify`] how we know that it is one.
//! - [`driver`] is what the notification core asks of it, and [`edu_device`] a device that is bound.
//! - [`factorial`] and [`dma`] are what it can do. [`requests`] are how user space asks for it, and
//!   [`protocol`] is how that goes over the wire.
//! - [`quiesce`] makes it fall silent before it is unbound.
//!
//! The device is described in QEMU's `docs/specs/edu.rst` and `hw/misc/edu.c`.

mod bar;
mod completed;
mod delayed_work;
mod dma;
mod driver;
mod edu_device;
mod factorial;
mod identify;
mod ids;
mod protocol;
mod quiesce;
mod regs;
mod requests;

pub(crate) use self::edu_device::EduDevice;
