// SPDX-License-Identifier: GPL-2.0

//! Multicasts the interrupts of PCI devices @VENDOR@:@DEVICE@ to user space over generic netlink.
//!
//! - [`irqcast`] is the notification core, copied unchanged. It knows no device.
//! - [`device`] is the device, as the core asks for one. What is to be filled in is marked with EDIT.

mod device;
mod irqcast;

irqcast::module! {
    device: device::BoundDevice,
    name: "@NAME@",
    // EDIT: your name.
    authors: ["The authors of @NAME@"],
    description: "Multicasts the interrupts of devices @VENDOR@:@DEVICE@ over generic netlink",
    license: "GPL",
}
