//! The environment of a hook. Nothing of the daemon's own environment is in it.
//!
//! | variable | says |
//! |---|---|
//! | `PATH` | [`PATH`] |
//! | `HOME` | `/` |
//! | `LANG` | `C` |
//! | `IRQCAST_RULE` | name of the rule |
//! | `IRQCAST_DEVICE` | instance number of the device; not for a message of another family |
//! | `IRQCAST_ADDRESS` | PCI address of the device, such as `0000:00:02.0` |
//! | `IRQCAST_REPEATED` | `1` when this hook may have run before for the same, or else `0` |
//!
//! `IRQCAST_REPEATED` is `1` for a hook that an earlier daemon had started and that was not known to have
//! ended when that daemon died: it did not run, ran in part, ran to its end, or runs still. For all
//! others it is `0`.
//!
//! For an event there are these too:
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_SEQ` | sequence number of the event |
//! | `IRQCAST_TIME_NS` | `CLOCK_MONOTONIC` when the handler ran, in nanoseconds |
//! | `IRQCAST_CAUSE` | bits of the interrupt status, in decimal as in the JSON: `$((IRQCAST_CAUSE & 0x100))` |
//! | `IRQCAST_FACTORIAL` | result of the factorial; set only when one completed |
//! | `IRQCAST_DMA_BYTES` | bytes that came back; set only when a DMA completed |
//! | `IRQCAST_REPLAYED` | `1` when the event was fetched later, or else `0` |
//!
//! For a loss there are these, and `IRQCAST_ADDRESS` may be missing where nobody knows it any more:
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_LOST_FROM` | sequence number of the first event that is lost |
//! | `IRQCAST_LOST_TO` | sequence number of the last one |
//! | `IRQCAST_LOST_COUNT` | how many are lost, at least 1 |
//!
//! For a message of another family there are those of [`super::family_message`].

use super::occasion::Occasion;
use crate::rule::Rule;
use irqcast::{Event, Lost};
use std::ffi::CString;

/// Folders that a hook finds programs in.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables, each as `NAME=value`.
#[must_use]
pub fn variables(rule: &Rule, occasion: &Occasion, repeated: bool) -> Vec<CString> {
    let mut variables = vec![
        format!("PATH={PATH}"),
        "HOME=/".to_owned(),
        "LANG=C".to_owned(),
        format!("IRQCAST_RULE={}", rule.name),
    ];
    if let Some(((device, _), _)) = occasion.number() {
        variables.push(format!("IRQCAST_DEVICE={device}"));
    }
    variables.push(format!("IRQCAST_REPEATED={}", u8::from(repeated)));
    match occasion {
        Occasion::Event(event) => variables.extend(of_event(event)),
        Occasion::Loss { lost, address } => variables.extend(of_loss(lost, address.as_deref())),
        Occasion::Message(message) => variables.extend(message.variables.iter().cloned()),
    }
    variables
        .into_iter()
        .map(|variable| {
            CString::new(variable).expect("names and addresses with a NUL are refused when read")
        })
        .collect()
}

fn of_event(event: &Event) -> Vec<String> {
    let mut variables = vec![
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
}

fn of_loss(lost: &Lost, address: Option<&str>) -> Vec<String> {
    let mut variables = vec![
        format!("IRQCAST_LOST_FROM={}", lost.from),
        format!("IRQCAST_LOST_TO={}", lost.to),
        format!("IRQCAST_LOST_COUNT={}", lost.count()),
    ];
    variables.extend(address.map(|address| format!("IRQCAST_ADDRESS={address}")));
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Match;

    fn check(occasion: &Occasion, repeated: bool, expected: &[&str]) {
        let rule = Rule {
            name: "sum".to_owned(),
            matches: Match::default(),
            command: vec!["/bin/true".to_owned()],
        };
        let found: Vec<String> = variables(&rule, occasion, repeated)
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
            "IRQCAST_REPEATED=0",
            "IRQCAST_ADDRESS=0000:00:03.0",
            "IRQCAST_SEQ=7",
            "IRQCAST_TIME_NS=123",
            "IRQCAST_CAUSE=258",
            "IRQCAST_REPLAYED=0",
            "IRQCAST_DMA_BYTES=64",
        ];
        check(&Occasion::Event(event.clone()), false, &expected);
        expected[2] = "IRQCAST_REPEATED=1";
        expected[7] = "IRQCAST_REPLAYED=1";
        expected[8] = "IRQCAST_FACTORIAL=120";
        let event = Event {
            factorial: Some(120),
            dma_bytes: None,
            replayed: true,
            ..event
        };
        check(&Occasion::Event(event), true, &expected);
    }

    #[test]
    fn loss_is_told() {
        let lost = Lost {
            device: 1,
            incarnation: 0,
            from: 5,
            to: 9,
        };
        let mut expected = vec![
            "IRQCAST_RULE=sum",
            "IRQCAST_DEVICE=1",
            "IRQCAST_REPEATED=0",
            "IRQCAST_LOST_FROM=5",
            "IRQCAST_LOST_TO=9",
            "IRQCAST_LOST_COUNT=5",
        ];
        let loss = |address| Occasion::Loss { lost, address };
        check(&loss(None), false, &expected);
        expected.push("IRQCAST_ADDRESS=0000:00:03.0");
        check(&loss(Some("0000:00:03.0".to_owned())), false, &expected);
    }
}
