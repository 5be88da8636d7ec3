//! Every name and number of the irqcast protocol.
//!
//! The source is `driver/spec/irqcast.yaml`; `tests/spec.rs` fails when the two differ.
//! As in every such specification, operations and the attributes of a set count from 1 in the order
//! in which the file names them.

/// Name of the generic netlink family.
pub const FAMILY: &str = "irqcast";

/// Version of the family, which goes into every generic netlink header.
pub const VERSION: u8 = 1;

/// Name of the multicast group that carries the events.
pub const GROUP_EVENTS: &str = "events";

/// Longest device address in bytes, without the terminating NUL.
pub const ADDRESS_MAX_LEN: usize = 31;

/// Largest number that a device computes the factorial of.
pub const FACTORIAL_MAX: u32 = 1_048_576;

/// Most bytes that one DMA request moves; the size of the device's buffer.
pub const DMA_MAX: u32 = 4096;

/// Cause bit of a factorial that completed. Only with the attribute [`event::FACTORIAL`] was it the
/// device; the same bit can be raised by hand.
pub const CAUSE_FACTORIAL: u32 = 0x1;

/// Cause bit of a DMA that completed. Only with the attribute [`event::DMA_BYTES`] was it the device;
/// the same bit can be raised by hand.
pub const CAUSE_DMA: u32 = 0x100;

/// Operations: the command byte of the generic netlink header.
pub mod command {
    /// Get one device, or with a dump all of them.
    pub const DEVICE_GET: u8 = 1;
    /// Raise bits in the interrupt status register.
    pub const RAISE: u8 = 2;
    /// Let the device compute a factorial.
    pub const FACTORIAL: u8 = 3;
    /// Send bytes through the device's buffer and back.
    pub const DMA: u8 = 4;
    /// The device interrupted: what the multicast group carries.
    pub const EVENT_NTF: u8 = 5;
    /// Change how a device tells of its interrupts.
    pub const DEVICE_SET: u8 = 6;
    /// Send the device's events to the port that asks.
    pub const LISTEN: u8 = 7;
    /// Send them to it no more.
    pub const UNLISTEN: u8 = 8;
    /// Get events that a device still holds.
    pub const HISTORY_GET: u8 = 9;

    /// Each operation's number and its name in the specification.
    pub const ALL: &[(u8, &str)] = &[
        (DEVICE_GET, "device-get"),
        (RAISE, "raise"),
        (FACTORIAL, "factorial"),
        (DMA, "dma"),
        (EVENT_NTF, "event-ntf"),
        (DEVICE_SET, "device-set"),
        (LISTEN, "listen"),
        (UNLISTEN, "unlisten"),
        (HISTORY_GET, "history-get"),
    ];
}

/// How the value of an attribute is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Four bytes in the machine's byte order.
    U32,
    /// Eight bytes in the machine's byte order.
    U64,
    /// Text that ends in a NUL byte.
    String,
    /// Bytes.
    Binary,
    /// No value: makes the next one aligned.
    Pad,
}

/// One attribute of a set, as the specification describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Type field of the attribute's header.
    pub number: u16,
    /// Name in the specification.
    pub name: &'static str,
    /// Layout of the value.
    pub kind: Kind,
}

/// Name of attribute `number` of `set`, for messages to people.
#[must_use]
pub fn attribute_name(set: &[Attribute], number: u16) -> Option<&'static str> {
    set.iter()
        .find(|attribute| attribute.number == number)
        .map(|attribute| attribute.name)
}

/// Makes a module with a constant for each attribute, and the table `ALL` of the whole set.
macro_rules! attribute_set {
    ($(#[$doc:meta])* $set:ident { $($(#[$attribute_doc:meta])* $constant:ident = $number:literal, $name:literal, $kind:ident;)* }) => {
        $(#[$doc])*
        pub mod $set {
            use super::{Attribute, Kind};
            $($(#[$attribute_doc])* pub const $constant: u16 = $number;)*
            /// The whole set, in the order of the specification.
            pub const ALL: &[Attribute] = &[
                $(Attribute { number: $constant, name: $name, kind: Kind::$kind },)*
            ];
        }
    };
}

attribute_set! {
    /// Attributes of an event.
    event {
        /// Instance number of the device.
        DEVICE = 1, "device", U32;
        /// PCI address of the device.
        ADDRESS = 2, "address", String;
        /// Sequence number, from 1.
        SEQ = 3, "seq", U64;
        /// `CLOCK_MONOTONIC` when the handler ran, in nanoseconds.
        TIME_NS = 4, "time-ns", U64;
        /// Bits of the interrupt status register.
        CAUSE = 5, "cause", U32;
        /// Result of the factorial that completed, modulo 2^32.
        FACTORIAL = 6, "factorial", U32;
        /// Bytes that came back unchanged from the device's buffer.
        DMA_BYTES = 7, "dma-bytes", U32;
        /// Alignment.
        PAD = 8, "pad", Pad;
        /// What the driver adds for measuring.
        PAYLOAD = 9, "payload", Binary;
        /// Tells this life of the device from earlier ones.
        INCARNATION = 10, "incarnation", U64;
        /// Most events that a request for the history asks for.
        COUNT = 11, "count", U32;
    }
}

attribute_set! {
    /// Attributes of a device.
    device {
        /// Instance number.
        DEVICE = 1, "device", U32;
        /// PCI address.
        ADDRESS = 2, "address", String;
        /// How it signals interrupts, see [`super::interrupt_mode`].
        INTERRUPT_MODE = 3, "interrupt-mode", U32;
        /// Interrupts seen; the sequence number of the last event.
        INTERRUPTS = 4, "interrupts", U64;
        /// Events handed to netlink without an error.
        EVENTS_SENT = 5, "events-sent", U64;
        /// Events not sent since nobody listened.
        NO_LISTENER = 6, "no-listener", U64;
        /// Events not sent since no memory could be had.
        ALLOC_FAILURES = 7, "alloc-failures", U64;
        /// Events that netlink failed to deliver to a listener.
        SEND_ERRORS = 8, "send-errors", U64;
        /// Interrupts without a cause.
        SPURIOUS = 9, "spurious", U64;
        /// Alignment.
        PAD = 10, "pad", Pad;
        /// The delivery paths that are on, see [`super::path`].
        PATHS = 11, "paths", U32;
        /// Events that the device's ring holds.
        HISTORY = 12, "history", U32;
        /// Events not multicast since that was switched off.
        SWITCHED_OFF = 13, "switched-off", U64;
        /// Events that readers of the character device lost.
        READER_OVERRUNS = 14, "reader-overruns", U64;
        /// Signals asked of the kernel.
        SIGNALS = 15, "signals", U64;
        /// Eventfds signalled.
        EVENTFD_SIGNALS = 16, "eventfd-signals", U64;
        /// Where netlink messages are to be sent from, see [`super::context`].
        CONTEXT = 17, "context", U32;
        /// Where they are sent from now.
        CONTEXT_NOW = 18, "context-now", U32;
        /// Ports registered for unicast messages.
        PORTS = 19, "ports", U32;
        /// Messages sent to registered ports.
        UNICAST_SENT = 20, "unicast-sent", U64;
        /// Messages that registered ports did not get.
        UNICAST_ERRORS = 21, "unicast-errors", U64;
        /// Events sent over netlink by the handler.
        SENT_HARD = 22, "sent-hard", U64;
        /// Events sent over netlink by a bottom half.
        SENT_BH = 23, "sent-bh", U64;
        /// Events sent over netlink by a thread.
        SENT_THREAD = 24, "sent-thread", U64;
        /// Tells this life of the device from earlier ones.
        INCARNATION = 25, "incarnation", U64;
        /// Sequence number of the first event.
        FIRST_SEQ = 26, "first-seq", U64;
    }
}

attribute_set! {
    /// Attributes of the requests that change something.
    request {
        /// Instance number of the device.
        DEVICE = 1, "device", U32;
        /// Bits to raise, at least one.
        BITS = 2, "bits", U32;
        /// Number to compute the factorial of, at most [`super::FACTORIAL_MAX`].
        ARGUMENT = 3, "argument", U32;
        /// Bytes to move, from 1 to [`super::DMA_MAX`].
        BYTES = 4, "bytes", U32;
        /// Delivery paths to switch on, see [`super::path`].
        PATHS = 5, "paths", U32;
        /// Where to send netlink messages from, see [`super::context`].
        CONTEXT = 6, "context", U32;
    }
}

/// Values of [`device::INTERRUPT_MODE`].
pub mod interrupt_mode {
    /// A level on a line that devices may share.
    pub const INTX: u32 = 0;
    /// A message signaled interrupt of its own.
    pub const MSI: u32 = 1;

    /// Each value and its name in the specification.
    pub const ALL: &[(u32, &str)] = &[(INTX, "intx"), (MSI, "msi")];
}

/// Values of [`device::CONTEXT`], [`device::CONTEXT_NOW`] and [`request::CONTEXT`].
pub mod context {
    /// As [`HARD`], but as [`BH`] while a netlink tap is up or messages have more than one receiver,
    /// and as [`THREAD`] while they have many.
    pub const AUTO: u32 = 0;
    /// The interrupt handler.
    pub const HARD: u32 = 1;
    /// A bottom half.
    pub const BH: u32 = 2;
    /// The interrupt's thread.
    pub const THREAD: u32 = 3;

    /// Each value and its name in the specification.
    pub const ALL: &[(u32, &str)] = &[
        (AUTO, "auto"),
        (HARD, "hard"),
        (BH, "bh"),
        (THREAD, "thread"),
    ];
}

/// Bits of [`device::PATHS`] and [`request::PATHS`], by their numbers.
pub mod path {
    /// A netlink message to all who have joined the group.
    pub const NETLINK_MULTICAST: u32 = 0;
    /// A netlink message to each port that has registered.
    pub const NETLINK_UNICAST: u32 = 1;
    /// Readers and pollers of the character device are woken up.
    pub const CHARDEV: u32 = 2;
    /// A signal to each open file of the character device that asked for it.
    pub const SIGNAL: u32 = 3;
    /// Each eventfd that was registered is signalled.
    pub const EVENTFD: u32 = 4;
    /// Pollers of the attribute in sysfs are woken up.
    pub const SYSFS: u32 = 5;

    /// Each number and its name in the specification.
    pub const ALL: &[(u32, &str)] = &[
        (NETLINK_MULTICAST, "netlink-multicast"),
        (NETLINK_UNICAST, "netlink-unicast"),
        (CHARDEV, "chardev"),
        (SIGNAL, "signal"),
        (EVENTFD, "eventfd"),
        (SYSFS, "sysfs"),
    ];
}
