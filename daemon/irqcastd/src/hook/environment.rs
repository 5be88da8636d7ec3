//! The environment of a hook. Nothing of the daemon's own environment is in it.
//!
//! | variable | says |
//! |---|---|
//! | `PATH` | [`PATH`] |
//! | `HOME` | `/` |
//! | `LANG` | `C` |
//! | `IRQCAST_RULE` | name of the rule |
//! | `IRQCAST_DEVICE` | instance number of the device |
//! | `IRQCAST_ADDRESS` | PCI address of the device, such as `0000:00:02.0` |
//! | `IRQCAST_SEQ` | sequence number of the event |
//! | `IRQCAST_TIME_NS` | `CLOCK_MONOTONIC` when the handler ran, in nanoseconds |
//! | `IRQCAST_CAUSE` | bits of the interrupt status, in decimal as in the JSON: `$((IRQCAST_CAUSE & 0x100))` |
//! | `IRQCAST_FACTORIAL` | result of the factorial; set only when one completed |
//! | `IRQCAST_DMA_BYTES` | bytes that came back; set only when a DMA completed |
//! | `IRQCAST_REPLAYED` | `1` when the event was fetched later, or else `0` |

use crate::rule::Rule;
use irqcast::Event;
use std::ffi::CString;

/// Folders that a hook finds programs in.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables, each as `NAME=value`.
#[must_use]
pub fn variables(rule: &Rule, event: &Event) -> Vec<CString> {
    let mut variables = vec![
        format!("PATH={PATH}"),
        "HOME=/".to_owned(),
        "LANG=C".to_owned(),
        format!("IRQCAST_RULE={}", rule.name),
        format!("IRQCAST_DEVICE={}", event.device),
        format!("IRQCAST_ADDRESS={}", event.address),
        format!("IRQCAST_SEQ={}", event.seq),
        format!("IRQCAST_TIME_NS={}", event.time_ns),
        format!("IRQCAST_CAUSE={}", event.cause),
        format!("IRQCAST_REPLAYED={}", u8::from(event.replayed)),
    ];
    variables.extend(
        event
            .factorial
            .map(|result| format!("IRQCAST_FACTORIAL={result}")),
    );
    variables.extend(
        event
            .dma_bytes
            .map(|bytes| format!("IRQCAST_DMA_BYTES={bytes}")),
    );
    variables
        .into_iter()
        .map(|variable| {
            CString::new(variable).expect("names and addresses with a NUL are refused when read")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Match;

    fn check(event: &Event, expected: &[&str]) {
        let rule = Rule {
            name: "sum".to_owned(),
            matches: Match::default(),
            command: vec!["/bin/true".to_owned()],
        };
        let found: Vec<String> = variables(&rule, event)
            .into_iter()
            .map(|variable| variable.into_string().unwrap())
            .collect();
        assert_eq!(found[..3], [&format!("PATH={PATH}"), "HOME=/", "LANG=C"]);
        assert_eq!(found[3..], *expected);
    }

    #[test]
    fn event_is_told() {
        let event = Event {
            device: 1,
            incarnation: 0,
            address: "0000:00:03.0".to_owned(),
            seq: 7,
            time_ns: 123,
            cause: 0x102,
            factorial: None,
            dma_bytes: Some(64),
            replayed: false,
        };
        let mut expected = vec![
            "IRQCAST_RULE=sum",
            "IRQCAST_DEVICE=1",
            "IRQCAST_ADDRESS=0000:00:03.0",
            "IRQCAST_SEQ=7",
            "IRQCAST_TIME_NS=123",
            "IRQCAST_CAUSE=258",
            "IRQCAST_REPLAYED=0",
            "IRQCAST_DMA_BYTES=64",
        ];
        check(&event, &expected);
        expected[6] = "IRQCAST_REPLAYED=1";
        expected[7] = "IRQCAST_FACTORIAL=120";
        let event = Event {
            factorial: Some(120),
            dma_bytes: None,
            replayed: true,
            ..event
        };
        check(&event, &expected);
    }
}
