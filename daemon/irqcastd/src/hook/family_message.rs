//! A message of another family, in the forms that a hook gets it in.
//!
//! | variable | says |
//! |---|---|
//! | `IRQCAST_FAMILY` | name of the family |
//! | `IRQCAST_MESSAGE` | name of the message |
//! | `IRQCAST_ATTR_FAMILY_NAME` | the attribute `family-name`; a nested one has the names of all around it in front |
//!
//! Lists are in the JSON only, and so is a value that has a NUL character or more than [`VALUE_MAX`] bytes,
//! or comes after the first [`VARIABLES_MAX`].

use irqcast_ynl::{Map, Name, Value};
use serde::Serialize;

/// Longest value in the environment, in bytes.
pub const VALUE_MAX: usize = 4096;

/// Most attributes in the environment. With their values they stay far below what a program may get.
pub const VARIABLES_MAX: usize = 64;

/// A message of another family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyMessage {
    /// As JSON, without a newline.
    pub json: String,
    /// As variables of the environment, each `NAME=value` and without a NUL.
    pub variables: Vec<String>,
}

impl FamilyMessage {
    /// Puts both forms together.
    #[must_use]
    pub fn new(family: &str, message: &str, attributes: &Map<'_>) -> Self {
        let mut variables = vec![
            format!("IRQCAST_FAMILY={family}"),
            format!("IRQCAST_MESSAGE={message}"),
        ];
        let mut values = Vec::new();
        collect(attributes, "IRQCAST_ATTR", &mut values);
        values.truncate(VARIABLES_MAX);
        variables.extend(
            values
                .into_iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        Self {
            json: serde_json::to_string(&Line {
                family,
                message,
                attributes,
            })
            .expect("names and values always have a JSON form"),
            variables,
        }
    }
}

/// The object in the JSON.
#[derive(Serialize)]
struct Line<'a> {
    family: &'a str,
    message: &'a str,
    attributes: &'a Map<'a>,
}

fn collect(map: &Map<'_>, prefix: &str, values: &mut Vec<(String, String)>) {
    for entry in &map.entries {
        let Name::Known(name) = entry.name else {
            continue;
        };
        let name = format!("{prefix}_{}", variable(name));
        if let Value::Map(map) = &entry.value {
            collect(map, &name, values);
        } else if let Some(value) = entry.value.shown()
            && value.len() <= VALUE_MAX
            && !value.contains('\0')
            // Of two attributes with one such name the first counts.
            && values.iter().all(|(other, _)| *other != name)
        {
            values.push((name, value.into_owned()));
        }
    }
}

/// A name in the form of a variable's: `family-name` is `FAMILY_NAME`.
fn variable(name: &str) -> String {
    let allowed = |character: char| match character.is_ascii_alphanumeric() {
        true => character.to_ascii_uppercase(),
        false => '_',
    };
    name.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use irqcast_ynl::Entry;
    use serde_json::json;

    fn entry(name: &'static str, value: Value<'static>) -> Entry<'static> {
        Entry {
            name: Name::Known(name),
            value,
        }
    }

    #[test]
    fn both_forms_say_the_message() {
        let nested = Map {
            entries: vec![
                entry("bus-id", Value::Text("PBTN".into())),
                entry("flags", Value::Names(vec!["a".into(), "b".into()])),
            ],
        };
        let attributes = Map {
            entries: vec![
                entry("is.on", Value::Flag),
                entry("event", Value::Map(nested)),
                entry("numbers", Value::List(vec![Value::Unsigned(1)])),
                entry("data", Value::Signed(-1)),
                entry("odd", Value::Text("a\0b".into())),
                entry("long", Value::Text("x".repeat(VALUE_MAX + 1).into())),
                entry("IS-ON", Value::Unsigned(7)),
                Entry {
                    name: Name::Unknown(9),
                    value: Value::Bytes(&[1]),
                },
            ],
        };
        let message = FamilyMessage::new("f", "m", &attributes);
        assert_eq!(
            message.variables,
            [
                "IRQCAST_FAMILY=f",
                "IRQCAST_MESSAGE=m",
                "IRQCAST_ATTR_IS_ON=1",
                "IRQCAST_ATTR_EVENT_BUS_ID=PBTN",
                "IRQCAST_ATTR_EVENT_FLAGS=a,b",
                "IRQCAST_ATTR_DATA=-1",
            ]
        );
        let json: serde_json::Value = serde_json::from_str(&message.json).unwrap();
        assert_eq!(json["family"], "f");
        assert_eq!(json["message"], "m");
        assert_eq!(json["attributes"]["event"]["flags"], json!(["a", "b"]));
        assert_eq!(json["attributes"]["odd"], "a\0b");
        assert_eq!(json["attributes"]["UnknownAttr(9)"], "01");
        assert_eq!(json["attributes"]["is.on"], true);
    }

    #[test]
    fn number_of_variables_is_bounded() {
        let names: Vec<String> = (0..1000).map(|number| format!("a{number}")).collect();
        let entries = names.iter().map(|name| Entry {
            name: Name::Known(name),
            value: Value::Flag,
        });
        let message = FamilyMessage::new(
            "f",
            "m",
            &Map {
                entries: entries.collect(),
            },
        );
        assert_eq!(message.variables.len(), 2 + VARIABLES_MAX);
    }
}
