// SPDX-License-Identifier: GPL-2.0

//! PCI IDs of any vendor.

use kernel::{
    bindings,
    pci, //
};

/// Returns what a driver binds to: the devices with these IDs, whatever those of their subsystem.
///
/// Like [`pci::DeviceId::from_id`], also for a vendor that [`pci::Vendor`] does not have.
pub(crate) const fn device_id(vendor: u16, device: u16) -> pci::DeviceId {
    let id = bindings::pci_device_id {
        vendor: vendor as u32,
        device: device as u32,
        subvendor: bindings::PCI_ANY_ID as u32,
        subdevice: bindings::PCI_ANY_ID as u32,
        class: 0,
        class_mask: 0,
        driver_data: 0,
        override_only: 0,
    };

    // SAFETY: `pci::DeviceId` is a transparent wrapper of `pci_device_id`, without invariants of
    // its own.
    unsafe { core::mem::transmute::<bindings::pci_device_id, pci::DeviceId>(id) }
}
