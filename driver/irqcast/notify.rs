// SPDX-License-Identifier: GPL-2.0

//! The notification core: tells user space of the interrupts of devices that it does not know.
//!
//! A driver implements [`Device`] for its device, with what the device adds to its events
//! ([`EventData`]) and the family that it has ([`family()`]), and declares its [`module!`]. The core does
//! the rest: it
//!
//! 1. starts a service when the module is loaded ([`service`]),
//! 2. binds to devices ([`binding`]): allocates and handles the interrupt ([`interrupt`],
//!    [`handler`]), gives each interrupt its sequence number and time, counts it, keeps it and tells
//!    of it ([`notifier`]), and lists the device, so that requests reach it ([`listing`]),
//! 3. undoes this in the opposite order.
//!
//! An event is a [`record`]. It is written to the device's [`ring`] first, and then told on the
//! delivery [`paths`] that are switched on.

mod binding;
mod context;
mod counters;
mod device;
mod device_get;
mod device_id;
mod device_set;
mod event;
mod family;
mod handler;
mod history_get;
mod interrupt;
mod listen;
mod listing;
mod message;
mod module;
mod notifier;
mod parameters;
mod paths;
mod ports;
mod reader;
mod record;
mod registry;
mod ring;
mod sender;
mod service;
#[cfg(CONFIG_NETFILTER)]
mod socket_options;
mod source;
mod taps;
mod turn;
mod word;
mod work;

pub(crate) use self::{
    device::Device,
    device_id::device_id,
    event::EventData,
    family::{
        family,
        operations,
        request,
        Ask,
        OPERATIONS, //
    },
    module::{
        module,
        Module, //
    },
    record::{
        Record,
        DATA_WORDS, //
    }, //
};
