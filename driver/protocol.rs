// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
// Based on: spec/irqcast.yaml, which is what counts where the two differ.

//! The wire contract: names, numbers, policies and operations of the generic netlink family.

use kernel::{
    module::this_module,
    prelude::*, //
};

use crate::{
    genetlink::{
        Access,
        AttributePolicy,
        Do,
        Family,
        MulticastGroup,
        Operation,
        Range,
        Request, //
    },
    notify, //
};

/// Numbers of the commands.
pub(crate) mod command {
    /// Get one device, or with a dump all of them.
    pub(crate) const DEVICE_GET: u8 = 1;
    /// Raise bits in the device's interrupt status register.
    pub(crate) const RAISE: u8 = 2;
    /// Let the device compute a factorial.
    pub(crate) const FACTORIAL: u8 = 3;
    /// Send bytes to the device and back by DMA.
    pub(crate) const DMA: u8 = 4;
    /// The device interrupted.
    pub(crate) const EVENT_NTF: u8 = 5;
    /// Change how a device tells of its interrupts.
    pub(crate) const DEVICE_SET: u8 = 6;
    /// Send the events of a device to the port that asks.
    pub(crate) const LISTEN: u8 = 7;
    /// Send them to it no more.
    pub(crate) const UNLISTEN: u8 = 8;
    /// Get events that a device still holds.
    pub(crate) const HISTORY_GET: u8 = 9;
}

/// Attributes of an event.
pub(crate) mod event {
    /// `u32`: instance number of the device.
    pub(crate) const DEVICE: u16 = 1;
    /// String: PCI address of the device.
    pub(crate) const ADDRESS: u16 = 2;
    /// `u64`: sequence number, from 1.
    pub(crate) const SEQ: u16 = 3;
    /// `u64`: `CLOCK_MONOTONIC` in ns.
    pub(crate) const TIME_NS: u16 = 4;
    /// `u32`: bits of the interrupt status register.
    pub(crate) const CAUSE: u16 = 5;
    /// `u32`: result of a factorial, modulo 2^32.
    pub(crate) const FACTORIAL: u16 = 6;
    /// `u32`: bytes that came back unchanged.
    pub(crate) const DMA_BYTES: u16 = 7;
    /// Padding.
    pub(crate) const PAD: u16 = 8;
    /// Binary: what the module parameter `payload` adds.
    pub(crate) const PAYLOAD: u16 = 9;
    /// `u64`: tells this life of the device from earlier ones.
    pub(crate) const INCARNATION: u16 = 10;
    /// `u32`: most events to get, in a request.
    pub(crate) const COUNT: u16 = 11;
}

/// Attributes of a device and its counters.
pub(crate) mod device {
    /// `u32`: instance number.
    pub(crate) const DEVICE: u16 = 1;
    /// String: PCI address.
    pub(crate) const ADDRESS: u16 = 2;
    /// `u32`: an [`interrupt_mode`](super::interrupt_mode).
    pub(crate) const INTERRUPT_MODE: u16 = 3;
    /// `u64`: interrupts seen.
    pub(crate) const INTERRUPTS: u16 = 4;
    /// `u64`: events handed to netlink without an error.
    pub(crate) const EVENTS_SENT: u16 = 5;
    /// `u64`: events not sent for lack of a listener.
    pub(crate) const NO_LISTENER: u16 = 6;
    /// `u64`: events not sent for lack of memory.
    pub(crate) const ALLOC_FAILURES: u16 = 7;
    /// `u64`: events that netlink failed to deliver.
    pub(crate) const SEND_ERRORS: u16 = 8;
    /// `u64`: calls of the handler that made no event.
    pub(crate) const SPURIOUS: u16 = 9;
    /// Padding.
    pub(crate) const PAD: u16 = 10;
    /// `u32`: the [`path`](super::path)s that are on, as bits.
    pub(crate) const PATHS: u16 = 11;
    /// `u32`: events that the ring holds.
    pub(crate) const HISTORY: u16 = 12;
    /// `u64`: events not multicast because that was switched off.
    pub(crate) const SWITCHED_OFF: u16 = 13;
    /// `u64`: events that readers of the character device lost.
    pub(crate) const READER_OVERRUNS: u16 = 14;
    /// `u64`: signals that open files asked for.
    pub(crate) const SIGNALS: u16 = 15;
    /// `u64`: eventfds that were signalled.
    pub(crate) const EVENTFD_SIGNALS: u16 = 16;
    /// `u32`: the [`context`](super::context) that was asked for.
    pub(crate) const CONTEXT: u16 = 17;
    /// `u32`: the [`context`](super::context) that events are sent from now.
    pub(crate) const CONTEXT_NOW: u16 = 18;
    /// `u32`: ports that are registered.
    pub(crate) const PORTS: u16 = 19;
    /// `u64`: messages sent to ports.
    pub(crate) const UNICAST_SENT: u16 = 20;
    /// `u64`: messages that ports did not get.
    pub(crate) const UNICAST_ERRORS: u16 = 21;
    /// `u64`: events sent by the interrupt handler.
    pub(crate) const SENT_HARD: u16 = 22;
    /// `u64`: events sent by a bottom half.
    pub(crate) const SENT_BH: u16 = 23;
    /// `u64`: events sent by a thread.
    pub(crate) const SENT_THREAD: u16 = 24;
    /// `u64`: tells this life of the device from earlier ones.
    pub(crate) const INCARNATION: u16 = 25;
    /// `u64`: sequence number of the first event.
    pub(crate) const FIRST_SEQ: u16 = 26;
}

/// Attributes of the requests that change something.
pub(crate) mod request {
    /// `u32`: instance number of the device.
    pub(crate) const DEVICE: u16 = 1;
    /// `u32`: bits to raise.
    pub(crate) const BITS: u16 = 2;
    /// `u32`: number to compute the factorial of.
    pub(crate) const ARGUMENT: u16 = 3;
    /// `u32`: number of bytes to send by DMA.
    pub(crate) const BYTES: u16 = 4;
    /// `u32`: the [`path`](super::path)s to switch on, as bits.
    pub(crate) const PATHS: u16 = 5;
    /// `u32`: the [`context`](super::context) to send from.
    pub(crate) const CONTEXT: u16 = 6;
}

/// How a device signals its interrupts.
pub(crate) mod interrupt_mode {
    /// A level on a line that devices may share.
    pub(crate) const INTX: u32 = 0;
    /// A message signaled interrupt of its own.
    pub(crate) const MSI: u32 = 1;
}

/// Ways on which a device tells of its interrupts, as numbers of bits.
pub(crate) mod path {
    /// A netlink message to all who have joined the group "events".
    pub(crate) const NETLINK_MULTICAST: u32 = 0;
    /// A netlink message to each port that has registered.
    pub(crate) const NETLINK_UNICAST: u32 = 1;
    /// Readers and pollers of the character device are woken up.
    pub(crate) const CHARDEV: u32 = 2;
    /// A signal to each open file of the character device that asked for it.
    pub(crate) const SIGNAL: u32 = 3;
    /// Each eventfd that was registered is signalled.
    pub(crate) const EVENTFD: u32 = 4;
    /// Pollers of the attribute in sysfs are woken up.
    pub(crate) const SYSFS: u32 = 5;
}

/// Where netlink messages are sent from.
pub(crate) mod context {
    /// As `hard`, but as `bh` while a netlink tap is up.
    pub(crate) const AUTO: u32 = 0;
    /// The interrupt handler.
    pub(crate) const HARD: u32 = 1;
    /// A bottom half.
    pub(crate) const BH: u32 = 2;
    /// A thread.
    pub(crate) const THREAD: u32 = 3;
}

/// Commands of the character device.
pub(crate) mod ioctl {
    use kernel::ioctl::{
        _IOR,
        _IOW, //
    };

    use crate::notify::Record;

    const TYPE: u32 = 0xeb;

    /// Get the next event, without waiting for it.
    pub(crate) const NEXT: u32 = _IOR::<Record>(TYPE, 1);
    /// Say which event is the next, by a pointer to its sequence number.
    pub(crate) const SET_NEXT: u32 = _IOW::<u64>(TYPE, 2);
    /// Hand over an eventfd, by a pointer to its descriptor.
    pub(crate) const ADD_EVENTFD: u32 = _IOW::<i32>(TYPE, 3);
    /// Take an eventfd back, by a pointer to its descriptor.
    pub(crate) const REMOVE_EVENTFD: u32 = _IOW::<i32>(TYPE, 4);
}

/// Largest argument of a factorial.
pub(crate) const FACTORIAL_MAX: u32 = 1_048_576;

/// Largest number of bytes of a DMA.
pub(crate) const DMA_MAX: u32 = 4096;

/// All paths, as bits.
pub(crate) const PATHS_MAX: u32 = 63;

/// Socket option of level `SOL_IP` that returns the next event. It is in no spec, since that is no
/// netlink; `docs/protocol.md` has it.
pub(crate) const SOCKET_OPTION_NEXT: u32 = 18_769;

/// Socket option of level `SOL_IP` that holds a device's delivery paths.
pub(crate) const SOCKET_OPTION_PATHS: u32 = 18_770;

/// Place of the group "events" among the family's groups.
pub(crate) const EVENTS_GROUP: u32 = 0;

static GROUPS: [MulticastGroup; 1] = [MulticastGroup::for_net_admin(c"events")];

static OPERATIONS: [Operation; 9] = [
    Operation::new_do::<notify::DeviceGet>(command::DEVICE_GET, Access::Anyone),
    Operation::new_dump::<notify::DeviceGet>(command::DEVICE_GET, Access::Anyone),
    Operation::new_do::<Raise>(command::RAISE, Access::NetAdmin),
    Operation::new_do::<Factorial>(command::FACTORIAL, Access::NetAdmin),
    Operation::new_do::<Dma>(command::DMA, Access::NetAdmin),
    Operation::new_do::<notify::DeviceSet>(command::DEVICE_SET, Access::NetAdmin),
    Operation::new_do::<notify::Listen>(command::LISTEN, Access::NetAdmin),
    Operation::new_do::<notify::Unlisten>(command::UNLISTEN, Access::NetAdmin),
    Operation::new_dump::<notify::HistoryGet>(command::HISTORY_GET, Access::Anyone),
];

/// The family `irqcast`.
pub(crate) static FAMILY: Family = Family::new(
    this_module::<crate::LocalModule>(),
    c"irqcast",
    1,
    &OPERATIONS,
    &GROUPS,
);

/// The request `raise`.
enum Raise {}

impl Do for Raise {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::u32_within(&Range::new(1, u32::MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        notify::pass_to_device(request)
    }
}

/// The request `factorial`.
enum Factorial {}

impl Do for Factorial {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(0, FACTORIAL_MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        notify::pass_to_device(request)
    }
}

/// The request `dma`.
enum Dma {}

impl Do for Dma {
    const POLICY: &'static [AttributePolicy] = &[
        AttributePolicy::UNUSED,
        AttributePolicy::U32,
        AttributePolicy::UNUSED,
        AttributePolicy::UNUSED,
        AttributePolicy::u32_within(&Range::new(1, DMA_MAX as u64)),
    ];

    fn doit(request: &Request<'_>) -> Result {
        notify::pass_to_device(request)
    }
}
