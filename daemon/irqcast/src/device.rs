//! A device and its counters.

use crate::context::Context;
use crate::paths::Paths;
use serde::{Serialize, Serializer};
use std::fmt;

/// How a device signals its interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptMode {
    /// A level on a line that devices may share.
    Intx,
    /// A message signaled interrupt of its own.
    Msi,
    /// A mode that a newer driver knows and this library does not.
    Unknown(u32),
}

impl fmt::Display for InterruptMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intx => formatter.pad("intx"),
            Self::Msi => formatter.pad("msi"),
            Self::Unknown(value) => formatter.pad(&format!("unknown-{value}")),
        }
    }
}

impl Serialize for InterruptMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A device and its counters, which start at 0 when the driver binds to it; `interrupts` at one less
/// than `first_seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Instance number, counted from 0 in the order of binding.
    pub device: u32,
    /// PCI address, such as `0000:00:02.0`.
    pub address: String,
    /// How it signals interrupts.
    pub interrupt_mode: InterruptMode,
    /// Interrupts seen, which is also the sequence number of the last event.
    pub interrupts: u64,
    /// Events handed to netlink for delivery without an error.
    pub events_sent: u64,
    /// Events not sent because nobody had joined the group.
    pub no_listener: u64,
    /// Events not sent because no memory could be had in the handler.
    pub alloc_failures: u64,
    /// Events that netlink failed to deliver to at least one listener.
    pub send_errors: u64,
    /// Calls of the handler that found no cause and made no event.
    pub spurious: u64,
    /// The delivery paths that are on.
    pub paths: Paths,
    /// Events that the device's ring holds.
    pub history: u32,
    /// Events not multicast because that was switched off.
    pub switched_off: u64,
    /// Events that readers of the character device lost, the sum over all readers.
    pub reader_overruns: u64,
    /// Signals asked of the kernel, which does not say which of them it queued.
    pub signals: u64,
    /// Eventfds signalled, each for each event.
    pub eventfd_signals: u64,
    /// Where netlink messages are to be sent from.
    pub context: Context,
    /// Where they are sent from now.
    pub context_now: Context,
    /// Ports registered for unicast messages.
    pub ports: u32,
    /// Messages sent to registered ports, each for each event.
    pub unicast_sent: u64,
    /// Messages that a registered port did not get.
    pub unicast_errors: u64,
    /// Events sent over netlink by the interrupt handler itself.
    pub sent_hard: u64,
    /// Events sent over netlink by a bottom half.
    pub sent_bh: u64,
    /// Events sent over netlink by the interrupt's thread.
    pub sent_thread: u64,
    /// Tells this life of the device, from binding to unbinding, from earlier ones with the same
    /// instance number.
    pub incarnation: u64,
    /// Sequence number of the first event of this life: 1, unless the driver was told otherwise.
    pub first_seq: u64,
}

impl Device {
    /// The device as one line of JSON, without the newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and text always have a JSON form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_documented_form() {
        let device = Device {
            device: 1,
            address: "0000:00:03.0".to_owned(),
            interrupt_mode: InterruptMode::Msi,
            interrupts: 6,
            events_sent: 5,
            no_listener: 4,
            alloc_failures: 3,
            send_errors: 2,
            spurious: 1,
            paths: Paths::from_bits(0b101),
            history: 4096,
            switched_off: 7,
            reader_overruns: 8,
            signals: 9,
            eventfd_signals: 10,
            context: Context::from_value(0),
            context_now: Context::from_value(2),
            ports: 11,
            unicast_sent: 12,
            unicast_errors: 13,
            sent_hard: 14,
            sent_bh: 15,
            sent_thread: 16,
            incarnation: 17,
            first_seq: 1,
        };
        assert_eq!(
            device.to_json(),
            r#"{"device":1,"address":"0000:00:03.0","interrupt_mode":"msi","interrupts":6,"events_sent":5,"no_listener":4,"alloc_failures":3,"send_errors":2,"spurious":1,"paths":["netlink-multicast","chardev"],"history":4096,"switched_off":7,"reader_overruns":8,"signals":9,"eventfd_signals":10,"context":"auto","context_now":"bh","ports":11,"unicast_sent":12,"unicast_errors":13,"sent_hard":14,"sent_bh":15,"sent_thread":16,"incarnation":17,"first_seq":1}"#
        );
        assert_eq!(InterruptMode::Intx.to_string(), "intx");
        assert_eq!(InterruptMode::Unknown(9).to_string(), "unknown-9");
    }
}
