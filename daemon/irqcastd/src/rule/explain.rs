//! Why a rule does not match.
//!
//! Each condition is asked alone, by the very functions that decide: a match that has only this one.

use super::Match;
use irqcast::Event;
use irqcast_control::{Occurrence, Unmet};
use std::ops::RangeInclusive;

impl Match {
    /// Whether the rule is for it.
    #[must_use]
    pub fn is_met_by_occurrence(&self, occurrence: &Occurrence) -> bool {
        match occurrence {
            Occurrence::Event(event) => self.is_met_by(event),
            Occurrence::Loss { lost, address } => {
                self.is_met_by_loss(lost.device, address.as_deref())
            }
        }
    }

    /// The conditions that are not met, in the order of the documentation. None are where it matches.
    #[must_use]
    pub fn unmet(&self, occurrence: &Occurrence) -> Vec<Unmet> {
        if let Some(other) = self.is_for_others(occurrence) {
            return vec![other];
        }
        let (device, address) = match occurrence {
            Occurrence::Event(event) => (event.device, Some(event.address.as_str())),
            Occurrence::Loss { lost, address } => (lost.device, address.as_deref()),
        };
        let event = match occurrence {
            Occurrence::Event(event) => Some(event),
            Occurrence::Loss { .. } => None,
        };
        let of_event = |found: fn(&Event) -> String| event.map_or_else(String::new, found);
        let none = || Self {
            lost: self.lost,
            ..Self::default()
        };
        let alone = [
            (
                Self {
                    device: self.device,
                    ..none()
                },
                "device",
                self.device.map(|device| device.to_string()),
                device.to_string(),
            ),
            (
                Self {
                    address: self.address.clone(),
                    ..none()
                },
                "address",
                self.address.as_ref().map(ToString::to_string),
                address.unwrap_or("an address that nobody knows").to_owned(),
            ),
            (
                Self {
                    cause_any: self.cause_any,
                    ..none()
                },
                "cause-any",
                self.cause_any.map(|bits| format!("one of {bits:#x}")),
                of_event(|event| format!("{:#x}", event.cause)),
            ),
            (
                Self {
                    cause_all: self.cause_all,
                    ..none()
                },
                "cause-all",
                self.cause_all.map(|bits| format!("all of {bits:#x}")),
                of_event(|event| format!("{:#x}", event.cause)),
            ),
            (
                Self {
                    factorial: self.factorial.clone(),
                    ..none()
                },
                "factorial",
                self.factorial.as_ref().map(range),
                of_event(|event| data(event.factorial, "no factorial")),
            ),
            (
                Self {
                    dma_bytes: self.dma_bytes.clone(),
                    ..none()
                },
                "dma-bytes",
                self.dma_bytes.as_ref().map(range),
                of_event(|event| data(event.dma_bytes, "no DMA")),
            ),
        ];
        alone
            .into_iter()
            .filter(|(alone, ..)| !alone.is_met_by_occurrence(occurrence))
            .map(|(_, condition, wanted, found)| {
                unmet(condition, &wanted.unwrap_or_default(), found)
            })
            .collect()
    }

    /// What it is for, where that is nothing of this kind.
    fn is_for_others(&self, occurrence: &Occurrence) -> Option<Unmet> {
        let (is_loss, found) = match occurrence {
            Occurrence::Event(_) => (false, "an event"),
            Occurrence::Loss { .. } => (true, "a loss"),
        };
        let found = found.to_owned();
        if let Some(rule) = &self.dropped {
            return Some(unmet("dropped", &format!("what {rule} drops"), found));
        }
        if let Some(family) = &self.family {
            let wanted = format!("a message of {}", family.family);
            return Some(unmet("family", &wanted, found));
        }
        let changes = [
            ("arrival", self.arrival, "a device that comes"),
            ("departure", self.departure, "a device that goes"),
        ];
        if let Some((condition, _, wanted)) = changes.into_iter().find(|&(_, is, _)| is) {
            return Some(unmet(condition, wanted, found));
        }
        match (self.lost, is_loss) {
            (true, false) => Some(unmet("lost", "a loss", found)),
            (false, true) => Some(unmet("lost", "an event", found)),
            _ => None,
        }
    }
}

fn unmet(condition: &str, wanted: &str, found: String) -> Unmet {
    Unmet {
        condition: condition.to_owned(),
        wanted: wanted.to_owned(),
        found,
    }
}

fn range(range: &RangeInclusive<u32>) -> String {
    match (range.start(), range.end()) {
        (start, end) if start == end => start.to_string(),
        (start, &u32::MAX) => format!("{start} or more"),
        (start, end) => format!("{start} to {end}"),
    }
}

fn data(value: Option<u32>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Glob;
    use irqcast::Lost;
    use proptest::option;
    use proptest::prelude::*;

    fn lines(matches: &Match, occurrence: &Occurrence) -> Vec<String> {
        let unmet = matches.unmet(occurrence);
        unmet
            .into_iter()
            .map(|unmet| format!("{}: {} / {}", unmet.condition, unmet.wanted, unmet.found))
            .collect()
    }

    fn event(cause: u32, factorial: Option<u32>) -> Occurrence {
        Occurrence::Event(Event {
            device: 1,
            incarnation: 0,
            address: "0000:00:03.0".to_owned(),
            seq: 9,
            time_ns: 1,
            cause,
            factorial,
            dma_bytes: None,
            replayed: false,
        })
    }

    fn loss(address: Option<&str>) -> Occurrence {
        Occurrence::Loss {
            lost: Lost {
                device: 1,
                incarnation: 0,
                from: 1,
                to: 2,
            },
            address: address.map(str::to_owned),
        }
    }

    #[test]
    fn every_condition_that_fails_is_named() {
        let all = Match {
            device: Some(0),
            address: Some(Glob::new("*:04.0")),
            cause_any: Some(0x3),
            cause_all: Some(0x6),
            factorial: Some(100..=u32::MAX),
            dma_bytes: Some(64..=64),
            ..Match::default()
        };
        assert_eq!(
            lines(&all, &event(0x4, Some(99))),
            [
                "device: 0 / 1",
                "address: *:04.0 / 0000:00:03.0",
                "cause-any: one of 0x3 / 0x4",
                "cause-all: all of 0x6 / 0x4",
                "factorial: 100 or more / 99",
                "dma-bytes: 64 / no DMA",
            ]
        );
    }

    #[test]
    fn losses_and_events_are_told_apart() {
        let lost = Match {
            lost: true,
            address: Some(Glob::new("*")),
            ..Match::default()
        };
        assert_eq!(lines(&lost, &event(1, None)), ["lost: a loss / an event"]);
        assert_eq!(
            lines(&Match::default(), &loss(None)),
            ["lost: an event / a loss"]
        );
        assert_eq!(
            lines(&lost, &loss(None)),
            ["address: * / an address that nobody knows"]
        );
        assert!(lines(&lost, &loss(Some("0000:00:03.0"))).is_empty());
        let dropped = Match {
            dropped: Some("slow".to_owned()),
            ..Match::default()
        };
        assert_eq!(
            lines(&dropped, &event(1, None)),
            ["dropped: what slow drops / an event"]
        );
        let arrival = Match {
            arrival: true,
            ..Match::default()
        };
        assert_eq!(
            lines(&arrival, &loss(None)),
            ["arrival: a device that comes / a loss"]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_unmet_where_it_matches_and_only_there(
            lost: bool,
            device in option::of(0..3u32),
            glob in option::of(prop_oneof!["\\*", "0000:00:03.0", "\\*:04.0"]),
            cause_any in option::of(1..8u32),
            cause_all in option::of(1..8u32),
            factorial in option::of((0..4u32, 0..4u32)),
            cause in 0..8u32,
            result in option::of(0..6u32),
            is_event: bool,
        ) {
            let matches = Match {
                lost,
                device,
                address: glob.map(Glob::new),
                cause_any: cause_any.filter(|_| !lost),
                cause_all: cause_all.filter(|_| !lost),
                factorial: factorial.filter(|_| !lost).map(|(from, more)| from..=from + more),
                ..Match::default()
            };
            let occurrence = match is_event {
                true => event(cause, result),
                false => loss(Some("0000:00:03.0")),
            };
            prop_assert_eq!(
                matches.unmet(&occurrence).is_empty(),
                matches.is_met_by_occurrence(&occurrence)
            );
        }
    }
}
