//! Which events and losses to print. Pure.

use crate::commands::watch::Seen;
use crate::quantity;
use clap::Args;
use irqcast::Glob;

/// Which events to print: those that meet every condition.
#[derive(Clone, Debug, Default, Args)]
pub struct Filter {
    /// Only events with at least one of these bits in their cause, decimal or 0x hexadecimal.
    #[arg(long, value_name = "BITS", value_parser = quantity::bits)]
    pub cause_any: Option<u32>,
    /// Only events with all of these bits in their cause.
    #[arg(long, value_name = "BITS", value_parser = quantity::bits)]
    pub cause_all: Option<u32>,
    /// Only events of devices at this PCI address; * stands for any text, ? for one character.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub address: Option<Glob>,
    /// Only losses, and no events.
    #[arg(long, conflicts_with_all = ["cause_any", "cause_all", "address"])]
    pub lost_only: bool,
}

fn glob(text: &str) -> Result<Glob, String> {
    let allowed =
        |character: char| matches!(character, '0'..='9' | 'a'..='f' | ':' | '.' | '*' | '?');
    match !text.is_empty() && text.chars().all(allowed) {
        true => Ok(Glob::new(text)),
        false => Err("fits no PCI address; write it in lower case as 0000:00:02.0".to_owned()),
    }
}

impl Filter {
    /// Whether to print it, where `device` is the only one that is wanted. A loss has no cause and no
    /// address: it is always wanted, since a wanted event may be lost.
    #[must_use]
    pub fn wants(&self, device: Option<u32>, seen: &Seen) -> bool {
        let is_wanted = |of: u32| device.is_none_or(|device| device == of);
        match seen {
            Seen::Lost(lost) => is_wanted(lost.device),
            Seen::Event(event) => {
                is_wanted(event.device)
                    && !self.lost_only
                    && self.cause_any.is_none_or(|bits| event.cause & bits != 0)
                    && self.cause_all.is_none_or(|bits| event.cause & bits == bits)
                    && self
                        .address
                        .as_ref()
                        .is_none_or(|glob| glob.matches(&event.address))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use irqcast::{Event, Lost};

    fn event() -> Seen {
        Seen::Event(Event {
            device: 1,
            incarnation: 0,
            address: "0000:00:03.0".to_owned(),
            seq: 1,
            time_ns: 1,
            cause: 0x6,
            factorial: None,
            dma_bytes: None,
            replayed: false,
        })
    }

    fn loss() -> Seen {
        Seen::Lost(Lost {
            device: 1,
            incarnation: 0,
            from: 1,
            to: 2,
        })
    }

    #[test]
    fn each_condition_decides_of_events() {
        let check = |filter: Filter, expected| {
            assert_eq!(filter.wants(None, &event()), expected, "{filter:?}");
            assert!(filter.wants(None, &loss()), "{filter:?}");
        };
        let any = Filter::default;
        check(any(), true);
        for (bits, expected) in [(0x3, true), (0x1, false)] {
            let cause_any = Some(bits);
            check(Filter { cause_any, ..any() }, expected);
        }
        for (bits, expected) in [(0x6, true), (0x3, false)] {
            let cause_all = Some(bits);
            check(Filter { cause_all, ..any() }, expected);
        }
        for (pattern, expected) in [("*:03.0", true), ("0001:*", false)] {
            let address = Some(Glob::new(pattern));
            check(Filter { address, ..any() }, expected);
        }
        let lost_only = true;
        check(Filter { lost_only, ..any() }, false);
    }

    #[test]
    fn device_decides_of_both() {
        for (device, expected) in [(1, true), (0, false)] {
            for seen in [event(), loss()] {
                assert_eq!(Filter::default().wants(Some(device), &seen), expected);
            }
        }
    }
}
