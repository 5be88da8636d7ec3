// SPDX-License-Identifier: GPL-2.0

//! Multicasts link changes of Intel's e1000 network cards to user space over generic netlink.
//!
//! It sends and receives no packets: it is the second driver on the core, and shows what one needs.
//! To make it probe, QEMU must be run with `-device e1000`.

mod device;
mod irqcast;

irqcast::module! {
    device: device::E1000,
    name: "irqcast_e1000",
    authors: ["The irqcast authors"],
    description: "Multicasts link changes of e1000 network cards over generic netlink",
    license: "GPL",
}
