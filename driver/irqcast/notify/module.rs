// SPDX-License-Identifier: GPL-2.0

//! A module that is the driver of one kind of device.

use kernel::{
    driver,
    pci,
    prelude::*,
    InPlaceModule,
    ModuleMetadata, //
};

use super::{
    binding::Driver,
    device::Device,
    service::Service, //
};

/// The driver of devices `D`, while its module is loaded.
#[pin_data]
pub(crate) struct Module<D: Device> {
    // Dropped in this order: first all devices are unbound, then requests end.
    #[pin]
    _driver: driver::Registration<pci::Adapter<Driver<D>>>,
    _service: Service<D>,
}

impl<D: Device> InPlaceModule for Module<D> {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // Initialised in this order, which is the other way round than the drop order.
        try_pin_init!(Self {
            _service: Service::start(module)?,
            _driver <- driver::Registration::new(crate::LocalModule::NAME, module),
        })
    }
}

/// Declares the module of a driver, as [`kernel::prelude::module`] does, with the parameters that the
/// core has. To be used in the crate root, once.
///
/// `device` is a type that implements [`Device`].
macro_rules! module {
    (device: $device:ty, $($info:tt)*) => {
        type IrqcastModule = $crate::irqcast::Module<$device>;

        ::kernel::prelude::module! {
            type: IrqcastModule,
            $($info)*
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
    };
}

pub(crate) use module;
