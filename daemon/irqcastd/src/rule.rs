//! Rules: which events or losses they are for, and what they run. Pure: decides, and touches nothing.

mod family;
mod glob;

pub use family::{Condition, FamilyMatch};
pub use glob::Glob;

use irqcast::Event;
use std::ops::RangeInclusive;

/// A rule of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which no other rule has.
    pub name: String,
    /// Which events or losses it is for.
    pub matches: Match,
    /// The program that it runs and its arguments; never empty. The first is an absolute path.
    pub command: Vec<String>,
}

/// Which events a rule is for: those that meet every condition that there is. Without a condition it is
/// every event. With `lost` it is for losses instead, and for no event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The rule is for losses. Only the conditions on the device are looked at.
    pub lost: bool,
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
        !self.lost
            && self.family.is_none()
            && self.is_of_device(event.device, Some(&event.address))
            && self.cause_any.is_none_or(|bits| event.cause & bits != 0)
            && self.cause_all.is_none_or(|bits| event.cause & bits == bits)
            && in_range(&self.factorial, event.factorial)
            && in_range(&self.dma_bytes, event.dma_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Device 1 at 0000:00:03.0, cause 0x103, factorial 120, 64 bytes by DMA.
    fn event() -> Event {
        Event {
            device: 1,
            incarnation: 0,
            address: "0000:00:03.0".to_owned(),
            seq: 9,
            time_ns: 1,
            cause: 0x103,
            factorial: Some(120),
            dma_bytes: Some(64),
            replayed: false,
        }
    }

    fn check(matches: Match, expected: bool) {
        assert_eq!(matches.is_met_by(&event()), expected, "{matches:?}");
    }

    #[test]
    fn no_condition_is_every_event() {
        check(Match::default(), true);
    }

    #[test]
    fn each_condition_decides() {
        let base = Match::default;
        for (device, expected) in [(1, true), (0, false)] {
            check(
                Match {
                    device: Some(device),
                    ..base()
                },
                expected,
            );
        }
        for (glob, expected) in [("0000:00:03.0", true), ("0000:*", true), ("*:04.0", false)] {
            check(
                Match {
                    address: Some(Glob::new(glob)),
                    ..base()
                },
                expected,
            );
        }
        for (bits, expected) in [(0x1, true), (0x5, true), (0x4, false), (u32::MAX, true)] {
            check(
                Match {
                    cause_any: Some(bits),
                    ..base()
                },
                expected,
            );
        }
        for (bits, expected) in [(0x1, true), (0x103, true), (0x5, false), (u32::MAX, false)] {
            check(
                Match {
                    cause_all: Some(bits),
                    ..base()
                },
                expected,
            );
        }
        for (range, expected) in [(120..=120, true), (0..=119, false), (121..=u32::MAX, false)] {
            check(
                Match {
                    factorial: Some(range),
                    ..base()
                },
                expected,
            );
        }
        for (range, expected) in [(64..=64, true), (1..=4096, true), (65..=4096, false)] {
            check(
                Match {
                    dma_bytes: Some(range),
                    ..base()
                },
                expected,
            );
        }
    }

    #[test]
    fn all_conditions_must_be_met() {
        let all = Match {
            device: Some(1),
            address: Some(Glob::new("*")),
            cause_any: Some(0x2),
            cause_all: Some(0x101),
            factorial: Some(1..=200),
            dma_bytes: Some(64..=64),
            lost: false,
            family: None,
        };
        check(all.clone(), true);
        check(
            Match {
                device: Some(2),
                ..all.clone()
            },
            false,
        );
        check(
            Match {
                dma_bytes: Some(1..=2),
                ..all
            },
            false,
        );
    }

    #[test]
    fn loss_is_matched_by_its_device() {
        let check = |matches: Match, address: Option<&str>, expected| {
            assert_eq!(matches.is_met_by_loss(1, address), expected, "{matches:?}");
        };
        let lost = || Match {
            lost: true,
            ..Match::default()
        };
        let of = |device| Match {
            device: Some(device),
            ..lost()
        };
        let at = |glob| Match {
            address: Some(Glob::new(glob)),
            ..lost()
        };
        check(lost(), None, true);
        check(Match::default(), None, false);
        check(of(1), None, true);
        check(of(0), None, false);
        check(at("0000:*"), Some("0000:00:03.0"), true);
        check(at("0001:*"), Some("0000:00:03.0"), false);
        check(at("*"), None, false);
        assert!(!lost().is_met_by(&event()));
    }

    #[test]
    fn data_that_is_not_there_is_in_no_range() {
        let without = Event {
            factorial: None,
            dma_bytes: None,
            ..event()
        };
        let any = Some(0..=u32::MAX);
        assert!(
            !Match {
                factorial: any.clone(),
                ..Match::default()
            }
            .is_met_by(&without)
        );
        assert!(
            !Match {
                dma_bytes: any,
                ..Match::default()
            }
            .is_met_by(&without)
        );
        assert!(Match::default().is_met_by(&without));
    }
}
