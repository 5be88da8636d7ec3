//! Conditions on messages of other families.

use super::Glob;
use irqcast_ynl::{Map, Name, Value};
use std::ops::RangeInclusive;

/// Which messages of another family a rule is for: those that meet every condition that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyMatch {
    /// Name of the family.
    pub family: String,
    /// Name of the message, as the specification has it.
    pub message: Option<String>,
    /// Names of attributes, with dots between them where they are nested, and what these must be.
    pub attributes: Vec<(String, Condition)>,
}

/// What an attribute must be. Of a list one element must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is there.
    Present,
    /// It is text, or a name, or has a name among its names, that fits.
    Text(Glob),
    /// It is a number in this range.
    Number(RangeInclusive<i128>),
}

impl FamilyMatch {
    /// Whether the rule is for this message.
    #[must_use]
    pub fn is_met_by(&self, family: &str, message: &str, attributes: &Map<'_>) -> bool {
        self.family == family
            && self
                .message
                .as_deref()
                .is_none_or(|wanted| wanted == message)
            && self
                .attributes
                .iter()
                .all(|(path, condition)| in_map(attributes, path, condition))
    }
}

fn in_map(map: &Map<'_>, path: &str, condition: &Condition) -> bool {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    map.entries.iter().any(|entry| match entry.name {
        Name::Known(name) => name == first && in_value(&entry.value, rest, condition),
        // The number of an element is no part of the path.
        Name::Index(_) => in_value(&entry.value, Some(path), condition),
        Name::Unknown(_) => false,
    })
}

fn in_value(value: &Value<'_>, path: Option<&str>, condition: &Condition) -> bool {
    match (value, path) {
        (Value::List(list), None) if *condition == Condition::Present => !list.is_empty(),
        (Value::List(list), path) => list.iter().any(|value| in_value(value, path, condition)),
        (Value::Map(map), Some(path)) => in_map(map, path, condition),
        (_, Some(_)) => false,
        (value, None) => is_met(value, condition),
    }
}

fn is_met(value: &Value<'_>, condition: &Condition) -> bool {
    match condition {
        Condition::Present => true,
        Condition::Number(range) => value
            .as_number()
            .is_some_and(|number| range.contains(&number)),
        Condition::Text(glob) => match value {
            Value::Names(names) => names.iter().any(|name| glob.matches(name)),
            value => value.shown().is_some_and(|text| glob.matches(&text)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use irqcast_ynl::Entry;

    fn map<const N: usize>(entries: [(&'static str, Value<'static>); N]) -> Map<'static> {
        let entries = entries.map(|(name, value)| Entry {
            name: Name::Known(name),
            value,
        });
        Map {
            entries: entries.into(),
        }
    }

    fn text(text: &'static str) -> Value<'static> {
        Value::Text(text.into())
    }

    /// A message with a group in an indexed array, a list, names of bits, and a number.
    fn message() -> Map<'static> {
        let group = Value::Map(map([("name", text("events")), ("id", Value::Unsigned(9))]));
        let element = Value::Map(Map {
            entries: vec![Entry {
                name: Name::Index(1),
                value: group,
            }],
        });
        map([
            ("family-name", text("irqcast")),
            ("groups", Value::List(vec![element])),
            (
                "many",
                Value::List(vec![Value::Unsigned(1), Value::Signed(-5)]),
            ),
            ("flags", Value::Names(vec!["admin".into(), "read".into()])),
            ("is-up", Value::Flag),
        ])
    }

    #[track_caller]
    fn check(path: &str, condition: Condition, expected: bool) {
        let of = |family: &str, message: Option<&str>| FamilyMatch {
            family: family.to_owned(),
            message: message.map(str::to_owned),
            attributes: vec![(path.to_owned(), condition.clone())],
        };
        let met = |wanted: FamilyMatch| wanted.is_met_by("f", "m", &message());
        assert_eq!(met(of("f", None)), expected, "{path} {condition:?}");
        assert_eq!(met(of("f", Some("m"))), expected, "{path} {condition:?}");
        assert!(!met(of("g", None)));
        assert!(!met(of("f", Some("n"))));
    }

    #[test]
    fn each_condition_decides() {
        let glob = |pattern: &str| Condition::Text(Glob::new(pattern));
        check("family-name", glob("irq*"), true);
        check("family-name", glob("irq"), false);
        check("family-name", Condition::Number(0..=9), false);
        check("family-name", Condition::Present, true);
        check("absent", Condition::Present, false);
        check("is-up", Condition::Present, true);
        check("flags", glob("read"), true);
        check("flags", glob("write"), false);
        check("many", Condition::Number(-5..=-5), true);
        check("many", Condition::Number(2..=9), false);
        check("many", glob("1"), true);
    }

    #[test]
    fn paths_go_through_lists() {
        check("groups.name", Condition::Text(Glob::new("ev*")), true);
        check("groups.id", Condition::Number(9..=9), true);
        check("groups.id", Condition::Number(0..=8), false);
        check("groups", Condition::Present, true);
        check("groups.other", Condition::Present, false);
        check("family-name.x", Condition::Present, false);
    }
}
