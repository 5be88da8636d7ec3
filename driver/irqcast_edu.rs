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
//! - [`device`] is the `edu` device, which calls one function of the core from its handler. Whoever
//!   ports irqcast to another device replaces this one.

use kernel::{
    driver,
    pci,
    prelude::*,
    InPlaceModule,
    ModuleMetadata, //
};

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

/// What the module parameters say of the notification core.
fn parameters() -> Result<notify::Parameters> {
    Ok(notify::Parameters::new(
        module_parameters::history.value(),
        module_parameters::paths.value(),
        notify::Context::from_raw(module_parameters::context.value())?,
        module_parameters::measure.value() != 0,
        module_parameters::payload.value(),
        module_parameters::first_seq.value(),
    ))
}

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
            _service: notify::Service::start(module, &device::FAMILY, protocol::EVENTS_GROUP)?,
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
        history: u32 {
            default: 4096,
            description: "Events that each device keeps, 16 to 1048576, rounded up to a power of two (default 4096)",
        },
        paths: u32 {
            default: 63,
            description: "Delivery paths that are on at first, as bits (default 63: all)",
        },
        context: u32 {
            default: 0,
            description: "Where netlink messages are sent from: 0 auto (default), 1 hard, 2 bh, 3 thread",
        },
        measure: u8 {
            default: 0,
            description: "1: note for each event how long the handler took, 0: do not (default)",
        },
        payload: u16 {
            default: 0,
            description: "Bytes that each event carries beside what it tells, for measuring, 0 (default) to 4032",
        },
        first_seq: u64 {
            default: 1,
            description: "For tests only: sequence number of each device's first event, 1 (default) to 2^64 - 2",
        },
    },
}
