// SPDX-License-Identifier: GPL-2.0

//! The notification core, which tells user space of the interrupts of devices that it does not know,
//! and what it stands on. A driver has this file and its folder unchanged in its crate.
//!
//! A driver implements [`Device`] for its device, with what the device adds to its events
//! ([`EventData`]) and what user space may ask of it ([`request`]), makes its family ([`operations`],
//! [`family`]), and declares its [`module!`]. It can use nothing else of the core.
//!
//! - [`genetlink`], [`netdevice`], [`sockopt`], [`chardev`], [`device_attribute`] and [`eventfd`] are
//!   safe interfaces to generic netlink, to events of network devices, to socket options, to
//!   character devices, to attributes in sysfs and to eventfds, and [`rcu_cell`] is one to RCU. They
//!   know nothing of the core.
//! - [`protocol`] is what the specifications of all families have in common, in Rust.
//! - [`notify`] is the core itself.
//!
//! # Examples
//!
//! The whole crate root of a driver. Its device has two registers: one says why it interrupts, and
//! takes back the bits that are written to it; one says which bits may interrupt.
//!
//! ```ignore
//! //! Tells user space of the bells of a PCI device.
//!
//! mod irqcast;
//!
//! use core::num::NonZeroU32;
//!
//! use kernel::{
//!     device::{
//!         Bound,
//!         Core, //
//!     },
//!     io::{
//!         register,
//!         Io, //
//!     },
//!     pci,
//!     prelude::*,
//!     sync::Arc,
//!     ModuleMetadata, //
//! };
//!
//! use crate::irqcast::{
//!     device_id,
//!     Device,
//!     EventData,
//!     Family,
//!     Operation,
//!     DATA_WORDS, //
//! };
//!
//! irqcast::module! {
//!     device: Bell,
//!     name: "irqcast_example",
//!     authors: ["The irqcast authors"],
//!     description: "Tells user space of the bells of a PCI device",
//!     license: "GPL",
//! }
//!
//! register! {
//!     /// Why the device interrupts. Writing a bit takes it back.
//!     CAUSE(u32) @ 0x00 {
//!         31:0 bits;
//!     }
//!
//!     /// The bits that may interrupt.
//!     MASK(u32) @ 0x04 {
//!         31:0 bits;
//!     }
//! }
//!
//! kernel::pci_device_table!(TABLE, (), [(device_id(0x1234, 0x5678), ())]);
//!
//! /// The family has the operations of the core, and none of its own.
//! static OPERATIONS: [Operation; irqcast::OPERATIONS] = irqcast::operations([]);
//!
//! /// The family, which no other driver may have.
//! static FAMILY: Family = irqcast::family(c"irqcast-example", &OPERATIONS);
//!
//! /// A device that the driver is bound to.
//! struct Bell {
//!     /// Its registers, in BAR 0.
//!     bar: pci::DevresBar<8>,
//! }
//!
//! /// The device adds nothing to its events.
//! struct Nothing;
//!
//! impl EventData for Nothing {
//!     const ATTRIBUTES: &'static [u16] = &[];
//!
//!     fn words(&self) -> [Option<u32>; DATA_WORDS] {
//!         [None; DATA_WORDS]
//!     }
//! }
//!
//! impl Device for Bell {
//!     type Data = Nothing;
//!     type Registers<'a> = &'a pci::Bar<'a, 8>;
//!
//!     const ID_TABLE: pci::IdTable<()> = &TABLE;
//!     const NODE: &'static str = "irqcast_example-";
//!     const SOCKET_OPTIONS: Option<c_int> = None;
//!
//!     fn family() -> &'static Family {
//!         &FAMILY
//!     }
//!
//!     fn probe(pdev: &pci::Device<Core<'_>>) -> Result<Arc<Self>> {
//!         pdev.enable_device_mem()?;
//!         let bar = pdev.iomap_region_sized::<8>(0, crate::LocalModule::NAME)?;
//!         bar.write_reg(MASK::from(0));
//!         let bar = bar.into_devres()?;
//!         Ok(Arc::new(Self { bar }, GFP_KERNEL)?)
//!     }
//!
//!     fn start(&self, bar: Self::Registers<'_>) {
//!         bar.write_reg(MASK::from(u32::MAX));
//!     }
//!
//!     fn registers<'a>(&'a self, pdev: &'a pci::Device<Bound>) -> Result<Self::Registers<'a>> {
//!         self.bar.access(pdev.as_ref())
//!     }
//!
//!     fn pending(&self, bar: Self::Registers<'_>) -> Option<NonZeroU32> {
//!         NonZeroU32::new(bar.read(CAUSE).into_raw())
//!     }
//!
//!     fn acknowledge(&self, bar: Self::Registers<'_>, cause: NonZeroU32) {
//!         bar.write_reg(CAUSE::from(cause.get()));
//!     }
//!
//!     fn data(&self, _bar: Self::Registers<'_>, _cause: NonZeroU32) -> Nothing {
//!         Nothing
//!     }
//!
//!     fn quiesce(_this: &Arc<Self>, bar: Self::Registers<'_>) {
//!         bar.write_reg(MASK::from(0));
//!     }
//! }
//! ```

mod chardev;
mod device_attribute;
mod eventfd;
mod genetlink;
mod netdevice;
mod notify;
mod protocol;
mod rcu_cell;
#[cfg(CONFIG_NETFILTER)]
mod sockopt;

#[allow(unused_imports, reason = "not every driver needs all of it")]
pub(crate) use self::{
    genetlink::{
        AttributePolicy,
        Family,
        Operation,
        Range,
        Request, //
    },
    notify::{
        device_id,
        family,
        module,
        operations,
        request,
        Ask,
        Device,
        EventData,
        Module,
        DATA_WORDS,
        OPERATIONS, //
    },
    protocol::request::DEVICE as REQUEST_DEVICE, //
};
