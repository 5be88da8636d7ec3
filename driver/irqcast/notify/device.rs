// SPDX-License-Identifier: GPL-2.0

//! What the core asks of a device.

use core::num::NonZeroU32;

use kernel::{
    device::{
        Bound,
        Core, //
    },
    pci,
    prelude::*,
    sync::Arc, //
};

use crate::irqcast::genetlink::{
    Family,
    Request, //
};

use super::event::EventData;

/// A kind of PCI device whose interrupts user space is told of, and a device of that kind.
///
/// This is all that a driver writes. The core binds to the device ([`Self::probe`]), allocates its
/// interrupt and handles it ([`Self::pending`], [`Self::acknowledge`], [`Self::data`], in this order),
/// counts, keeps and tells of each, answers requests of user space and passes on those that are the
/// device's own ([`Self::request`]), and undoes all of it in the right order, for which it makes the
/// device fall silent ([`Self::quiesce`]).
pub(crate) trait Device: Send + Sync + Sized + 'static {
    /// What the device adds to its events.
    type Data: EventData;

    /// The device's registers, while it is bound.
    type Registers<'a>: Copy;

    /// The devices that the driver binds to.
    const ID_TABLE: pci::IdTable<()>;

    /// What device nodes in `/dev` are called, but for the instance number, which follows it. No two
    /// drivers that are loaded may share it.
    const NODE: &'static str;

    /// The first of two socket options of level `SOL_IP` that are answered, if any are: the next
    /// event, and a device's delivery paths. No two drivers that are loaded may share them.
    const SOCKET_OPTIONS: Option<c_int>;

    /// Returns the generic netlink family, which is made by [`family`](super::family()). No two drivers
    /// that are loaded may share its name.
    fn family() -> &'static Family;

    /// Binds to `pdev`: enables it, maps its registers and makes sure that they are those of a device
    /// of this kind.
    ///
    /// The device may begin to interrupt only once the interrupt is there: where it has a mask, that
    /// is for [`Self::start`] to take away.
    fn probe(pdev: &pci::Device<Core<'_>>) -> Result<Arc<Self>>;

    /// The interrupt is handled from here on: the device may begin to interrupt.
    fn start(&self, _registers: Self::Registers<'_>) {}

    /// Returns the registers of the device, which is `pdev`.
    fn registers<'a>(&'a self, pdev: &'a pci::Device<Bound>) -> Result<Self::Registers<'a>>;

    /// Returns why the device interrupts, as bits whose meaning is the device's own, or [`None`] when
    /// it wants no attention: it was not this device that interrupted, or it is gone.
    ///
    /// Called by the interrupt handler, in hard interrupt context, like the next two.
    fn pending(&self, registers: Self::Registers<'_>) -> Option<NonZeroU32>;

    /// Makes the device take back its interrupt for the bits of `cause`, and for no others: what was
    /// raised since it was asked has to interrupt again. A device that takes it back when it is asked
    /// why has nothing left to do here.
    fn acknowledge(&self, registers: Self::Registers<'_>, cause: NonZeroU32);

    /// Returns what the device adds to an event, after its interrupt was acknowledged.
    fn data(&self, registers: Self::Registers<'_>, cause: NonZeroU32) -> Self::Data;

    /// Does what a request asks of this device, one of those that [`request`](super::request) was
    /// given.
    ///
    /// Requests to all devices come one after the other, and none before the device is bound or once
    /// it is being unbound.
    fn request(_this: &Arc<Self>, _request: &Request<'_>) -> Result {
        Err(EOPNOTSUPP)
    }

    /// Makes the device fall silent. Called when the device is unbound, after the last request, while
    /// its interrupts are still handled. May sleep.
    ///
    /// When this returns, the device must not interrupt any more, nor reach memory of the machine.
    fn quiesce(this: &Arc<Self>, registers: Self::Registers<'_>);
}
