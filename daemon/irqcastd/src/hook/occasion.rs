//! What a hook is run for.

use super::family_message::FamilyMessage;
use crate::memory::LifeId;
use crate::presence::Change;
use irqcast::{Event, Lost};
use serde::Serialize;

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
    /// Hooks for events of a device were dropped.
    Drop(Drop),
    /// A device came or went.
    Change(Change),
    /// Another family sent a message.
    Message(FamilyMessage),
}

/// Hooks of one rule for events of one device that were dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drop {
    /// The rule.
    pub rule: String,
    /// Instance number of the device.
    pub device: u32,
    /// Tells this life of the device from others.
    #[serde(skip)]
    pub incarnation: u64,
    /// The device's PCI address, if it is known.
    #[serde(skip)]
    pub address: Option<String>,
    /// How many events they were for, at least 1. Not all in the range need be among them.
    pub count: u64,
    /// Sequence number of the first event.
    pub from: u64,
    /// Sequence number of the last event.
    pub to: u64,
}

impl Drop {
    /// Takes another one of the same rule and the same life of a device in. Returns whether it was so.
    pub fn absorb(&mut self, other: &Self) -> bool {
        let key = |drop: &Self| (drop.rule.clone(), drop.device, drop.incarnation);
        let same = key(self) == key(other);
        if same {
            self.count += other.count;
            self.from = self.from.min(other.from);
            self.to = self.to.max(other.to);
        }
        same
    }

    /// An object of JSON on one line.
    fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Object<'a> {
            dropped: &'a Drop,
        }
        serde_json::to_string(&Object { dropped: self })
            .expect("numbers and text always have a JSON form")
    }
}

impl Occasion {
    /// The device's life, instance number and incarnation, where it is about a device.
    pub fn life(&self) -> Option<LifeId> {
        match self {
            Self::Event(event) => Some((event.device, event.incarnation)),
            Self::Loss { lost, .. } => Some((lost.device, lost.incarnation)),
            Self::Drop(drop) => Some((drop.device, drop.incarnation)),
            Self::Change(change) => Some(change.life),
            Self::Message(_) => None,
        }
    }

    /// The device's instance number, where it is about a device.
    pub fn device(&self) -> Option<u32> {
        self.life().map(|(device, _)| device)
    }

    /// The number by which the memory names it: of the event, or of the last one of the loss. The memory knows
    /// of nothing else.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Event(event) => Some(event.seq),
            Self::Loss { lost, .. } => Some(lost.to),
            Self::Drop(_) | Self::Change(_) | Self::Message(_) => None,
        }
    }

    /// The device's PCI address, if it is known.
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Event(event) => Some(&event.address),
            Self::Loss { address, .. } => address.as_deref(),
            Self::Drop(drop) => drop.address.as_deref(),
            Self::Change(change) => change.address.as_deref(),
            Self::Message(_) => None,
        }
    }

    /// An object of JSON on one line.
    pub fn to_json(&self) -> String {
        match self {
            Self::Event(event) => event.to_json(),
            Self::Loss { lost, .. } => lost.to_json(),
            Self::Drop(drop) => drop.to_json(),
            Self::Change(change) => change_to_json(change),
            Self::Message(message) => message.json.clone(),
        }
    }
}

/// `{"arrival":{"device":0,"address":"0000:00:02.0"}}`, or the same with `departure`.
fn change_to_json(change: &Change) -> String {
    let (device, _) = change.life;
    let mut told = serde_json::json!({ "device": device });
    if let Some(address) = &change.address {
        told["address"] = address.as_str().into();
    }
    serde_json::json!({ kind(change): told }).to_string()
}

/// What such a change is called.
pub fn kind(change: &Change) -> &'static str {
    match change.came {
        true => "arrival",
        false => "departure",
    }
}
