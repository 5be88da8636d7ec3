// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
// Based on: spec/irqcast.yaml, which is what counts where the two differ.

//! The wire contract, as far as it is that of every device: names and numbers of a generic netlink
//! family that tells of interrupts.

/// Numbers of the commands. Those in between, and those that follow, are the device's own.
pub(crate) mod command {
    /// Get one device, or with a dump all of them.
    pub(crate) const DEVICE_GET: u8 = 1;
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

/// Attributes of an event. Those in between, and those that follow, carry what the device adds.
pub(crate) mod event {
    /// `u32`: instance number of the device.
    pub(crate) const DEVICE: u16 = 1;
    /// String: address of the device on its bus.
    pub(crate) const ADDRESS: u16 = 2;
    /// `u64`: sequence number, from 1.
    pub(crate) const SEQ: u16 = 3;
    /// `u64`: `CLOCK_MONOTONIC` in ns.
    pub(crate) const TIME_NS: u16 = 4;
    /// `u32`: why the device interrupted, as bits.
    pub(crate) const CAUSE: u16 = 5;
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
    /// String: address on its bus.
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

/// Attributes of the requests that change something. Those in between, and those that follow, are for
/// the device's own.
pub(crate) mod request {
    /// `u32`: instance number of the device.
    pub(crate) const DEVICE: u16 = 1;
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

    use crate::irqcast::notify::Record;

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

/// All paths, as bits.
pub(crate) const PATHS_MAX: u32 = 63;

/// Place of the group "events" among the family's groups.
pub(crate) const EVENTS_GROUP: u32 = 0;
