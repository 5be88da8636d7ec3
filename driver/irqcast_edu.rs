// SPDX-License-Identifier: GPL-2.0

//! Multicasts the interrupts of QEMU's `edu` device to user space over generic netlink.
//!
//! To make this driver probe, QEMU must be run with `-device edu`.
//!
//! - [`genetlink`], [`netdevice`], [`sockopt`], [`chardev`], [`device_attribute`] and [`eventfd`] are
//!   safe interfaces to generic netlink, to events of network devices, to socket options, to
//!   character devices, to attributes in sysfs and to eventfds, and [`rcu_cell`] is one to RCU. They
//!   know nothing of this driver.
//! - [`protocol`] is `spec/irqcast.yaml` in Rust, but for what is the device's own.
//! - [`notify`] is the notification core. It knows no device.
//! - [`device`] is the `edu` device, as the core asks for one. Whoever ports irqcast to another device
//!   replaces this one.

mod chardev;
mod device;
mod device_attribute;
mod eventfd;
mod genetlink;
mod netdevice;
mod notify;
mod protocol;
mod rcu_cell;
#[cfg(CONFIG_NETFILTER)]
mod sockopt;

notify::module! {
    device: device::EduDevice,
    name: "irqcast_edu",
    authors: ["The irqcast authors"],
    description: "Multicasts the interrupts of QEMU's edu device over generic netlink",
    license: "GPL",
}
