//! What a hook is run for.

use irqcast::{Event, Lost};

/// What a hook is run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A device interrupted.
    Event(Event),
    /// Events of a device are lost.
    Loss {
        /// Which.
        lost: Lost,
        /// The device's PCI address, if it is known.
        address: Option<String>,
    },
}

impl Occasion {
    /// The device's life: instance number and incarnation.
    pub fn life(&self) -> (u32, u64) {
        match self {
            Self::Event(event) => (event.device, event.incarnation),
            Self::Loss { lost, .. } => (lost.device, lost.incarnation),
        }
    }

    /// Sequence number of the event, or the last one of the loss.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.seq,
            Self::Loss { lost, .. } => lost.to,
        }
    }

    /// An object of JSON on one line.
    pub fn to_json(&self) -> String {
        match self {
            Self::Event(event) => event.to_json(),
            Self::Loss { lost, .. } => lost.to_json(),
        }
    }
}
