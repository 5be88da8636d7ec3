// SPDX-License-Identifier: GPL-2.0

//! The notification core: tells user space of the interrupts of devices that it does not know.
//!
//! A driver starts the [`Service`] when it is loaded. When it binds to a device it
//!
//! 1. takes an instance number ([`Instance::take`]),
//! 2. makes a [`Notifier`], which gives each interrupt its sequence number and time, counts it and
//!    sends it through the delivery path,
//! 3. registers its interrupt handler, which calls [`Notifier::notify`],
//! 4. lists the device ([`Listing::new`]), so that requests reach it.
//!
//! When it is unbound it undoes this in the opposite order. A device is no more to the core than
//! the [`Device`] trait, and its data in an event no more than [`EventData`].
//!
//! A delivery path is a file of this folder: [`netlink`].

mod counters;
mod device_get;
mod event;
mod netlink;
mod notifier;
mod registry;

pub(crate) use self::{
    device_get::DeviceGet,
    event::EventData,
    notifier::{
        InterruptMode,
        Notifier,
        Source, //
    },
    registry::{
        pass_to_device,
        Device,
        Instance,
        Listing,
        Service, //
    }, //
};
