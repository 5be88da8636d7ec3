// SPDX-License-Identifier: GPL-2.0

//! The PCI IDs that the driver binds to.

use kernel::pci;

use crate::irqcast::device_id;

/// Vendor ID of QEMU's and Bochs' own devices. It is not assigned by the PCI SIG.
const VENDOR: u16 = 0x1234;

/// Device ID of the `edu` device.
const DEVICE: u16 = 0x11e8;

kernel::pci_device_table!(TABLE, (), [(device_id(VENDOR, DEVICE), ())]);

/// The PCI IDs that the driver binds to.
pub(super) const IDS: pci::IdTable<()> = &TABLE;
