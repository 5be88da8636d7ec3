//! What hooks are told.

use super::*;
use crate::presence::Change;
use crate::rule::{Gather, Match, Program, Retry, Terms, field};
use std::time::Duration;

fn rule(terms: Terms) -> Rule {
    Rule {
        name: "sum".to_owned(),
        matches: Match::default(),
        program: Program::literal(&["/bin/true"]),
        terms,
    }
}

fn merging() -> Rule {
    rule(Terms {
        gather: Some(Gather::default()),
        retry: Some(Retry {
            exit_statuses: vec![75],
            times: 3,
            delay: Duration::ZERO,
            max_delay: Duration::ZERO,
        }),
        ..Terms::default()
    })
}

fn event(seq: u64, incarnation: u64) -> Rc<Occasion> {
    Rc::new(Occasion::Event(Event {
        device: 1,
        incarnation,
        address: "0000:00:03.0".to_owned(),
        seq,
        time_ns: 123,
        cause: 3,
        factorial: Some(6),
        dma_bytes: Some(64),
        replayed: false,
    }))
}

fn loss() -> Rc<Occasion> {
    let lost = Lost {
        device: 0,
        incarnation: 1,
        from: 5,
        to: 9,
    };
    let address = Some("0000:00:03.0".to_owned());
    Rc::new(Occasion::Loss { lost, address })
}

fn drop(from: u64, to: u64, count: u64) -> Rc<Occasion> {
    Rc::new(Occasion::Drop(Drop {
        rule: "slow".to_owned(),
        device: 0,
        incarnation: 1,
        address: Some("0000:00:03.0".to_owned()),
        count,
        from,
        to,
    }))
}

fn change(came: bool) -> Rc<Occasion> {
    Rc::new(Occasion::Change(Change {
        life: (2, 7),
        address: Some("0000:00:03.0".to_owned()),
        came,
    }))
}

#[test]
fn coming_and_going_are_told() {
    let check = |came, word: &str| {
        let rule = rule(Terms::default());
        let call = Call::new(&rule, &change(came), false);
        let told = ("change", word.to_owned());
        assert!(call.fields(&rule).contains(&told));
        let line: serde_json::Value = serde_json::from_str(&call.to_line()).unwrap();
        let device = serde_json::json!({"device": 2, "address": "0000:00:03.0"});
        assert_eq!(line, serde_json::json!({ word: device }));
    };
    check(true, "arrival");
    check(false, "departure");
}

#[test]
fn line_says_what_is_repeated() {
    let check = |repeated, expected: &str| {
        let call = Call::new(&rule(Terms::default()), &loss(), repeated);
        assert_eq!(call.to_line(), expected);
    };
    check(false, "{\"lost\":{\"device\":0,\"from\":5,\"to\":9}}\n");
    check(
        true,
        "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"repeated\":true}\n",
    );
}

#[test]
fn merged_events_are_the_last_one_with_the_range_of_all() {
    let rule = merging();
    let mut call = Call::new(&rule, &event(5, 1), true);
    for seq in [7, 9] {
        let later = Call::new(&rule, &event(seq, 1), false);
        assert!(call.absorb(later).is_ok());
    }
    let fields = call.fields(&rule);
    let told = |name: &str| {
        let found = fields.iter().find(|(field, _)| *field == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(told("seq"), Some("9"));
    assert_eq!(told("merged-count"), Some("3"));
    assert_eq!(told("merged-from"), Some("5"));
    assert_eq!(told("merged-to"), Some("9"));
    assert_eq!(told("repeated"), Some("1"));
    let line: serde_json::Value = serde_json::from_str(&call.to_line()).unwrap();
    assert_eq!(line["seq"], 9);
    assert_eq!(
        line["merged"],
        serde_json::json!({"count": 3, "from": 5, "to": 9})
    );
    assert_eq!(line["repeated"], true);
}

#[test]
fn only_what_belongs_together_is_merged() {
    let refuses = |rule: &Rule, first, later| {
        let mut first = Call::new(rule, &first, false);
        assert!(first.absorb(Call::new(rule, &later, false)).is_err());
    };
    refuses(&merging(), event(5, 1), event(1, 2));
    refuses(&merging(), loss(), loss());
    refuses(&rule(Terms::default()), event(5, 1), event(6, 1));
    refuses(&rule(Terms::default()), drop(1, 2, 2), loss());
}

#[test]
fn drops_are_summed_up() {
    let rule = rule(Terms::default());
    let mut call = Call::new(&rule, &drop(3, 4, 2), false);
    assert!(call.absorb(Call::new(&rule, &drop(9, 9, 1), false)).is_ok());
    assert_eq!(
        call.to_line(),
        "{\"dropped\":{\"rule\":\"slow\",\"device\":0,\"count\":3,\"from\":3,\"to\":9}}\n"
    );
}

/// What is told is what a text of such a rule may name, and nothing else.
#[test]
fn fields_are_those_that_are_documented() {
    let check = |rule: &Rule, occasion: Rc<Occasion>| {
        let call = Call::new(rule, &occasion, false);
        let mut told: Vec<_> = call
            .fields(rule)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let mut known = field::of(&rule.matches, &rule.terms);
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
        assert!(known.iter().all(|field| field::all().contains(field)));
    };
    let of = |matches| Rule {
        matches,
        ..rule(Terms::default())
    };
    check(&rule(Terms::default()), event(5, 1));
    check(&merging(), event(5, 1));
    let lost = Match {
        lost: true,
        ..Match::default()
    };
    check(&of(lost), loss());
    let changes = Match {
        arrival: true,
        departure: true,
        ..Match::default()
    };
    check(&of(changes), change(true));
    let dropped = Match {
        dropped: Some("slow".to_owned()),
        ..Match::default()
    };
    check(&of(dropped), drop(1, 2, 2));
}
