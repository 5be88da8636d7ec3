//! What a subscription tells of.

use crate::decode::DecodeError;
use crate::event::{Event, Lost};
use crate::repair::{Position, Told};

/// What a subscription tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A device interrupted.
    Event(Event),
    /// A device interrupted, and the event was not received but fetched from the driver's history. It
    /// comes where it belongs: after the event before it, and before the one after it.
    Replayed(Event),
    /// Events that were not received and that the driver no longer holds, told where they belong.
    Lost(Lost),
    /// The queue was full and the kernel dropped messages. They are fetched when the queue is empty.
    Overrun,
    /// The driver is there, and its events are received from now on.
    Joined {
        /// Number of the family.
        family: u16,
        /// Number of the multicast group.
        group: u32,
        /// Where the devices stand that had begun before the stream did. What they did up to here is
        /// not told. Every other life of a device is told from its first event.
        begins: Vec<Position>,
    },
    /// The driver was removed. Its devices are told of from their first event on when it comes back.
    Left,
    /// The kernel sent something that the protocol does not describe. It is skipped.
    Malformed(DecodeError),
}

impl From<Told> for Item {
    fn from(told: Told) -> Self {
        match told {
            Told::Event(event) => Self::Event(event),
            Told::Replayed(event) => Self::Replayed(event),
            Told::Lost(lost) => Self::Lost(lost),
        }
    }
}
