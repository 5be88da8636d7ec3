// SPDX-License-Identifier: GPL-2.0

//! The PCI IDs that the driver binds to.

use kernel::{
    bindings,
    pci, //
};

/// Vendor ID of QEMU's and Bochs' own devices. It is not assigned by the PCI SIG.
const VENDOR: u32 = 0x1234;

/// Device ID of the `edu` device.
const DEVICE: u32 = 0x11e8;

kernel::pci_device_table!(TABLE, (), [(device_id(VENDOR, DEVICE), ())]);

/// The PCI IDs that the driver binds to.
pub(super) const IDS: pci::IdTable<()> = &TABLE;

/// Like [`pci::DeviceId::from_id`], for a vendor that [`pci::Vendor`] does not have.
const fn device_id(vendor: u32, device: u32) -> pci::DeviceId {
    let id = bindings::pci_device_id {
        vendor,
        device,
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
