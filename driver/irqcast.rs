// SPDX-License-Identifier: GPL-2.0

//! The notification core, which tells user space of the interrupts of devices that it does not know,
//! and what it stands on. A driver has this file and its folder unchanged in its crate.
//!
//! A driver implements [`Device`] for its device, with what the device adds to its events
//! ([`EventData`]) and what user space may ask of it ([`request`]), makes its family ([`operations`],
//! [`family`]), and declares its [`module`]. It can use nothing else of the core.
//!
//! - [`genetlink`], [`netdevice`], [`sockopt`], [`chardev`], [`device_attribute`] and [`eventfd`] are
//!   safe interfaces to generic netlink, to events of network devices, to socket options, to
//!   character devices, to attributes in sysfs and to eventfds, and [`rcu_cell`] is one to RCU. They
//!   know nothing of the core.
//! - [`protocol`] is what the specifications of all families have in common, in Rust.
//! - [`notify`] is the core itself.

mod chardev;
mod device_attribute;
mod eventfd;
mod genetlink;
mod netdevice;
mod notify;
mod protocol;
mod rcu_cell;
#[cfg(CONFIG_NETFILTER)]
mod sockopt;

#[allow(unused_imports, reason = "not every driver needs all of it")]
pub(crate) use self::{
    genetlink::{
        AttributePolicy,
        Family,
        Operation,
        Range,
        Request, //
    },
    notify::{
        device_id,
        family,
        module,
        operations,
        request,
        Ask,
        Device,
        EventData,
        Module,
        DATA_WORDS,
        OPERATIONS, //
    },
    protocol::request::DEVICE as REQUEST_DEVICE, //
};
