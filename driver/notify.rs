// SPDX-License-Identifier: GPL-2.0

//! The notification core: tells user space of the interrupts of devices that it does not know.
//!
//! A driver starts the [`Service`] when it is loaded. When it binds to a device it
//!
//! 1. takes an instance number ([`Instance::take`]),
//! 2. makes a [`Notifier`], which gives each interrupt its sequence number and time, counts it,
//!    keeps it and tells of it,
//! 3. registers its interrupt handler, which calls [`Notifier::notify`],
//! 4. lists the device ([`Listing::new`]), so that requests reach it.
//!
//! When it is unbound it undoes this in the opposite order. A device is no more to the core than
//! the [`Device`] trait, and its data in an event no more than [`EventData`].
//!
//! An event is a [`record`]. It is written to the device's [`ring`] first, and then told on the
//! delivery [`paths`] that are switched on.

mod context;
mod counters;
mod device_get;
mod device_set;
mod event;
mod family;
mod history_get;
mod listen;
mod message;
mod notifier;
mod parameters;
mod paths;
mod ports;
mod reader;
mod record;
mod registry;
mod ring;
mod sender;
#[cfg(CONFIG_NETFILTER)]
mod socket_options;
mod source;
mod taps;
mod turn;
mod word;
mod work;

pub(crate) use self::{
    context::Context,
    event::EventData,
    family::{
        family,
        operations,
        OPERATIONS, //
    },
    notifier::Notifier,
    parameters::Parameters,
    record::{
        Record,
        DATA_WORDS, //
    },
    registry::{
        pass_to_device,
        Device,
        Instance,
        Listing,
        Service, //
    },
    sender::Then,
    source::{
        InterruptMode,
        Source, //
    }, //
};
