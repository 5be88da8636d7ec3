// SPDX-License-Identifier: GPL-2.0

//! Multicasts the interrupts of QEMU's `edu` device to user space over generic netlink.
//!
//! To make this driver probe, QEMU must be run with `-device edu`.
//!
//! - [`irqcast`] is the notification core. It knows no device.
//! - [`device`] is the `edu` device, as the core asks for one. Whoever ports irqcast to another device
//!   replaces this one.

mod device;
mod irqcast;

irqcast::module! {
    device: device::EduDevice,
    name: "irqcast_edu",
    authors: ["The irqcast authors"],
    description: "Multicasts the interrupts of QEMU's edu device over generic netlink",
    license: "GPL",
}
