// SPDX-License-Identifier: GPL-2.0

//! Multicasts the interrupts of QEMU's `edu` device to user space over generic netlink.
//!
//! To make this driver probe, QEMU must be run with `-device edu`.
//!
//! - [`genetlink`] is a safe interface to generic netlink, which knows nothing of this driver.
//! - [`protocol`] is `spec/irqcast.yaml` in Rust: names, numbers and policies of the messages.
//! - [`notify`] is the notification core. It knows no device.
//! - [`device`] is the `edu` device, which calls one function of the core from its handler. Whoever
//!   ports irqcast to another device replaces this one.

use kernel::{
    driver,
    pci,
    prelude::*,
    InPlaceModule,
    ModuleMetadata, //
};

mod device;
mod genetlink;
mod notify;
mod protocol;

#[pin_data]
struct IrqcastEdu {
    // Dropped in this order: first all devices are unbound, then requests end.
    #[pin]
    _driver: driver::Registration<pci::Adapter<device::Driver>>,
    _service: notify::Service,
}

impl InPlaceModule for IrqcastEdu {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // Initialised in this order, which is the other way round than the drop order.
        try_pin_init!(Self {
            _service: notify::Service::start(&protocol::FAMILY, protocol::EVENTS_GROUP)?,
            _driver <- driver::Registration::new(<Self as ModuleMetadata>::NAME, module),
        })
    }
}

module! {
    type: IrqcastEdu,
    name: "irqcast_edu",
    authors: ["The irqcast authors"],
    description: "Multicasts the interrupts of QEMU's edu device over generic netlink",
    license: "GPL",
    params: {
        msi: u8 {
            default: 1,
            description: "1: use MSI where the device has it (default), 0: use INTx",
        },
    },
}
