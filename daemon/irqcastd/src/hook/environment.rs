//! The environment of a hook. Nothing of the daemon's own environment is in it. A rule may have variables
//! of its own, also in the place of the first three here.
//!
//! | variable | says |
//! |---|---|
//! | `PATH` | [`PATH`] |
//! | `HOME` | `/` |
//! | `LANG` | `C` |
//! | `IRQCAST_RULE` | name of the rule |
//! | `IRQCAST_DEVICE` | instance number of the device; not set for another family's message |
//! | `IRQCAST_ADDRESS` | PCI address of the device, such as `0000:00:02.0`; not set for another family's message |
//! | `IRQCAST_REPEATED` | `1` when this hook may have run before for the same, or else `0` |
//!
//! `IRQCAST_REPEATED` is `1` for a hook that an earlier daemon had started and that was not known to have
//! ended when that daemon died: it did not run, ran in part, ran to its end, or runs still. For all
//! others it is `0`.
//!
//! `IRQCAST_TRACE` is `1` for a hook that runs because somebody replays a trace (`irqcastctl replay`), and
//! is not set for others: what it is run for did not happen just now, and may never have.
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
//! Where events may become one (`debounce`, `coalesce`) the event is the last of them, and there are these:
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_MERGED_COUNT` | how many events became one, at least 1 |
//! | `IRQCAST_MERGED_FROM` | sequence number of the first of them |
//! | `IRQCAST_MERGED_TO` | sequence number of the last, which is `IRQCAST_SEQ` |
//!
//! Where the rule has `retry`, whatever it is for:
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_ATTEMPT` | 1, and one more each time that the hook runs again because it failed |
//!
//! For hooks that were dropped there are these:
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_DROPPED_RULE` | name of the rule whose hooks were dropped |
//! | `IRQCAST_DROPPED_FROM` | sequence number of the first event that they were for |
//! | `IRQCAST_DROPPED_TO` | sequence number of the last one |
//! | `IRQCAST_DROPPED_COUNT` | how many events they were for, at least 1 |
//!
//! For a device that came or went there is `IRQCAST_CHANGE`, which is `arrival` or `departure`.
//!
//! For a loss there are these, and `IRQCAST_ADDRESS` may be missing where nobody knows it any more:
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_LOST_FROM` | sequence number of the first event that is lost |
//! | `IRQCAST_LOST_TO` | sequence number of the last one |
//! | `IRQCAST_LOST_COUNT` | how many are lost, at least 1 |
//!
//! For another family's message there are these ([`super::family_message`]):
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_FAMILY` | name of the family |
//! | `IRQCAST_MESSAGE` | name of the message |
//! | `IRQCAST_ATTR_…` | an attribute of the message, `IRQCAST_ATTR_FAMILY_NAME` for `family-name` |

use super::family_message::FamilyMessage;
use crate::rule::{Rule, field};
use std::borrow::Cow;
use std::ffi::CString;

/// Folders that a hook finds programs in.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables of a hook that is told these fields, each as `NAME=value`, by their names; then those of
/// a message.
#[must_use]
pub fn variables(
    rule: &Rule,
    fields: &[(&'static str, String)],
    message: Option<&FamilyMessage>,
) -> Vec<CString> {
    let own = &rule.program.environment;
    let standard = [("PATH", PATH), ("HOME", "/"), ("LANG", "C")];
    let standard = standard
        .iter()
        .filter(|(name, _)| !own.contains_key(*name))
        .map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value)));
    let own = own
        .iter()
        .map(|(name, value)| (Cow::Borrowed(name.as_str()), value.fill(fields).into()));
    // No rule has variables of these names.
    let told = fields
        .iter()
        .map(|(name, value)| (field::variable(name).into(), value.as_str().into()));
    let mut variables: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        standard.chain(own).chain(told).collect();
    variables.sort_unstable();
    let messages = message.map_or(&[][..], |message| &message.variables);
    let variables = variables
        .iter()
        .map(|(name, value)| [name, "=", value].concat());
    variables
        .chain(messages.iter().cloned())
        .map(|variable| {
            CString::new(variable)
                .expect("names, texts and addresses with a NUL are refused when read")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::call::Call;
    use crate::hook::occasion::Occasion;
    use crate::rule::{Match, Program, Template, Terms};
    use irqcast::{Event, Lost};
    use std::rc::Rc;

    fn rule() -> Rule {
        Rule {
            name: "sum".to_owned(),
            matches: Match::default(),
            program: Program::literal(&["/bin/true"]),
            terms: Terms::default(),
        }
    }

    fn found(rule: &Rule, occasion: Occasion, repeated: bool) -> Vec<String> {
        let call = Call::new(rule, &Rc::new(occasion), repeated);
        variables(rule, &call.fields(rule), None)
            .into_iter()
            .map(|variable| variable.into_string().unwrap())
            .collect()
    }

    fn check(occasion: Occasion, repeated: bool, expected: &[&str]) {
        let mut expected: Vec<String> = expected.iter().map(|&line| line.to_owned()).collect();
        expected.extend([format!("PATH={PATH}"), "HOME=/".into(), "LANG=C".into()]);
        expected.sort();
        assert_eq!(found(&rule(), occasion, repeated), expected);
    }

    fn event() -> Event {
        Event {
            device: 1,
            incarnation: 0,
            address: "0000:00:03.0".to_owned(),
            seq: 7,
            time_ns: 123,
            cause: 0x102,
            factorial: None,
            dma_bytes: Some(64),
            replayed: false,
        }
    }

    #[test]
    fn event_is_told() {
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
        check(Occasion::Event(event()), false, &expected);
        expected[2] = "IRQCAST_REPEATED=1";
        expected[7] = "IRQCAST_REPLAYED=1";
        expected[8] = "IRQCAST_FACTORIAL=120";
        let event = Event {
            factorial: Some(120),
            dma_bytes: None,
            replayed: true,
            ..event()
        };
        check(Occasion::Event(event), true, &expected);
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
        check(loss(None), false, &expected);
        expected.push("IRQCAST_ADDRESS=0000:00:03.0");
        check(loss(Some("0000:00:03.0".to_owned())), false, &expected);
    }

    #[test]
    fn rule_adds_variables_and_may_change_standard_ones() {
        let mut rule = rule();
        let text = |text| Template::parse(text, &field::OF_EVENT).unwrap();
        rule.program.environment = [
            ("HOME".to_owned(), text("/root")),
            ("NUMBER".to_owned(), text("no. {seq} of {dma-bytes}")),
        ]
        .into();
        let found = found(&rule, Occasion::Event(event()), false);
        assert!(found.contains(&"HOME=/root".to_owned()), "{found:?}");
        assert!(
            found.contains(&"NUMBER=no. 7 of 64".to_owned()),
            "{found:?}"
        );
        assert!(!found.contains(&"HOME=/".to_owned()), "{found:?}");
    }
}
