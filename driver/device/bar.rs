// SPDX-License-Identifier: GPL-2.0

//! The device's memory.

use kernel::pci;

use super::regs;

/// BAR 0, which holds the registers.
pub(super) type Bar<'a> = pci::Bar<'a, { regs::END }>;

/// BAR 0, for those who may outlive the binding: access ends when the device is unbound.
pub(super) type DevresBar = pci::DevresBar<{ regs::END }>;
