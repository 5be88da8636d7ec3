//! Rules: which events or losses they are for, and what they run. Pure: decides, and touches nothing.

mod explain;
mod family;
pub mod field;
mod program;
mod template;
mod terms;

pub use family::{Condition, FamilyMatch};
pub use irqcast::Glob;
pub use program::{Input, Program};
pub use template::{BadTemplate, Template};
pub use terms::{Beyond, Gather, Order, RateLimit, Retry, Terms, WhenFull};

use irqcast::Event;
use std::ops::RangeInclusive;

/// A rule of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which no other rule has.
    pub name: String,
    /// Which events or losses it is for.
    pub matches: Match,
    /// What it runs.
    pub program: Program,
    /// When, and how many.
    pub terms: Terms,
}

/// Which events a rule is for: those that meet every condition that there is. Without a condition it is
/// every event. With `lost` it is for losses instead, with `dropped` for events whose hooks were dropped,
/// with `arrival` and `departure` for devices, and for no event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The rule is for losses. Only the conditions on the device are looked at.
    pub lost: bool,
    /// The rule is for what this rule's queue dropped. Only the conditions on the device are looked at.
    pub dropped: Option<String>,
    /// The rule is for devices that come. Only the conditions on the device are looked at.
    pub arrival: bool,
    /// The rule is for devices that go. Only the conditions on the device are looked at.
    pub departure: bool,
    /// Instance number of the device.
    pub device: Option<u32>,
    /// PCI address of the device.
    pub address: Option<Glob>,
    /// At least one of these bits is in the cause.
    pub cause_any: Option<u32>,
    /// All of these bits are in the cause.
    pub cause_all: Option<u32>,
    /// A factorial completed, with a result in this range.
    pub factorial: Option<RangeInclusive<u32>>,
    /// A DMA completed, with a number of bytes in this range.
    pub dma_bytes: Option<RangeInclusive<u32>>,
    /// The rule is for messages of another family, and for no event and no loss.
    pub family: Option<FamilyMatch>,
}

impl Match {
    /// Whether the rule is for losses of this device. Where its address is not known, no condition on
    /// the address is met.
    #[must_use]
    pub fn is_met_by_loss(&self, device: u32, address: Option<&str>) -> bool {
        self.lost && self.family.is_none() && self.is_of_device(device, address)
    }

    /// Whether the rule is for what the queue of `rule` dropped of this device.
    #[must_use]
    pub fn is_met_by_drop(&self, rule: &str, device: u32, address: Option<&str>) -> bool {
        self.dropped.as_deref() == Some(rule) && self.is_of_device(device, address)
    }

    /// Whether the rule is for the device's coming, or its going.
    #[must_use]
    pub fn is_met_by_change(&self, came: bool, device: u32, address: Option<&str>) -> bool {
        let is_met = match came {
            true => self.arrival,
            false => self.departure,
        };
        is_met && self.is_of_device(device, address)
    }

    /// Whether the rule is for devices that come or go.
    #[must_use]
    pub fn is_for_changes(&self) -> bool {
        self.arrival || self.departure
    }

    /// Whether the rule is for events.
    #[must_use]
    pub fn is_for_events(&self) -> bool {
        !self.lost && self.dropped.is_none() && !self.is_for_changes() && self.family.is_none()
    }

    fn is_of_device(&self, device: u32, address: Option<&str>) -> bool {
        self.device.is_none_or(|wanted| wanted == device)
            && self
                .address
                .as_ref()
                .is_none_or(|glob| address.is_some_and(|address| glob.matches(address)))
    }

    /// Whether the rule is for `event`.
    #[must_use]
    pub fn is_met_by(&self, event: &Event) -> bool {
        let in_range = |range: &Option<RangeInclusive<u32>>, value: Option<u32>| {
            range
                .as_ref()
                .is_none_or(|range| value.is_some_and(|value| range.contains(&value)))
        };
        self.is_for_events()
            && self.is_of_device(event.device, Some(&event.address))
            && self.cause_any.is_none_or(|bits| event.cause & bits != 0)
            && self.cause_all.is_none_or(|bits| event.cause & bits == bits)
            && in_range(&self.factorial, event.factorial)
            && in_range(&self.dma_bytes, event.dma_bytes)
    }
}

#[cfg(test)]
mod tests;
