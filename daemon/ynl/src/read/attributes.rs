//! Attribute sets and sub-messages.

use super::kind::{kind, kind_of_subset};
use super::{Names, number};
use crate::problem::{Problems, meant};
use crate::spec::{Attribute, AttributeSet, Format, SubMessage};
use crate::yaml::{self, Node, Table, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Largest number of an attribute: the two bits above it are flags (`NLA_TYPE_MASK`).
const NUMBER_MAX: u64 = 0x3fff;

/// Keys of a set that say nothing about messages.
const SET_OTHERS: [&str; 6] = [
    "name-prefix",
    "enum-name",
    "doc",
    "attr-cnt-name",
    "attr-max-name",
    "header",
];

/// Keys of an attribute that say nothing about how it is read.
const ATTRIBUTE_OTHERS: [&str; 4] = ["doc", "checks", "name-prefix", "len"];

/// The number of each element of a list that has a `name`.
pub fn names(nodes: &[Node]) -> HashMap<String, usize> {
    let name = |node: &Node| match &node.value {
        Value::Map(entries) => entries
            .iter()
            .find_map(|(key, _, value)| match &value.value {
                Value::Text(name) if key == "name" => Some(name.clone()),
                _ => None,
            }),
        _ => None,
    };
    let named = nodes.iter().enumerate();
    named
        .filter_map(|(index, node)| Some((name(node)?, index)))
        .collect()
}

/// Reads all sets, one for each node. Those that are subsets take from others what they leave out.
pub fn sets(nodes: &[Node], names: &Names, problems: &mut Problems) -> Vec<AttributeSet> {
    let mut sets: Vec<AttributeSet> = Vec::new();
    let mut later = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let mut set = AttributeSet {
            name: String::new(),
            attributes: Vec::new(),
            has_namesakes: false,
        };
        if let Some(mut table) = Table::of(node, "an attribute set", problems) {
            let name = table.require_text("name", problems);
            set.name = name.unwrap_or_default().to_owned();
            let attributes = table.require_list("attributes", problems);
            match table.get("subset-of") {
                Some(of) => later.push((index, of, attributes)),
                None => set.attributes = attributes_of(attributes, None, names, problems),
            }
            table.finish(&SET_OTHERS, problems);
        }
        sets.push(set);
    }
    for (index, of, attributes) in later {
        if let Some(whole) = names.set(of, problems) {
            let whole = sets
                .get(whole.0)
                .map_or(&[][..], |set| &set.attributes)
                .to_vec();
            sets[index].attributes = attributes_of(attributes, Some(&whole), names, problems);
        }
    }
    for set in &mut sets {
        let names: HashSet<&str> = set
            .attributes
            .iter()
            .map(|attribute| attribute.name.as_str())
            .collect();
        set.has_namesakes = names.len() < set.attributes.len();
    }
    sets
}

/// Attributes by their numbers. Of two with one number the last counts.
fn attributes_of(
    nodes: &[Node],
    whole: Option<&[Attribute]>,
    names: &Names,
    problems: &mut Problems,
) -> Vec<Attribute> {
    let mut next = 1;
    let mut attributes = BTreeMap::new();
    for node in nodes {
        let Some(attribute) = attribute(node, next, whole, names, problems) else {
            next += 1;
            continue;
        };
        next = u64::from(attribute.number) + 1;
        attributes.insert(attribute.number, attribute);
    }
    attributes.into_values().collect()
}

fn attribute(
    node: &Node,
    next: u64,
    whole: Option<&[Attribute]>,
    names: &Names,
    problems: &mut Problems,
) -> Option<Attribute> {
    let mut table = Table::of(node, "an attribute", problems)?;
    let name = table.require("name", problems);
    let name = name.and_then(|node| Some((node.at, yaml::text(node, "name", problems)?)));
    let value = table.get("value");
    let repeats = table.is_true("multi-attr", problems);
    let has_type = table.get("type").is_some();
    let original = match (whole, name) {
        (Some(whole), Some((at, name))) => {
            let found = whole.iter().find(|attribute| attribute.name == name);
            if found.is_none() {
                problems.add_with_hint(
                    at,
                    format!("the set that this is a subset of has no attribute {name:?}"),
                    meant(name, whole.iter().map(|attribute| attribute.name.as_str())),
                );
                return None;
            }
            found
        }
        _ => None,
    };
    let kind = match original {
        Some(original) if !has_type => kind_of_subset(&mut table, original, names, problems),
        _ => kind(&mut table, names, problems),
    };
    table.finish(&ATTRIBUTE_OTHERS, problems);
    let number = match (original, value) {
        (Some(original), _) => original.number,
        (None, Some(value)) => number(value, "value", NUMBER_MAX, problems)? as u16,
        (None, None) => match u16::try_from(next).ok().filter(|_| next <= NUMBER_MAX) {
            Some(number) => number,
            None => {
                problems.add(
                    node.at,
                    format!("an attribute's number is more than {NUMBER_MAX}"),
                );
                return None;
            }
        },
    };
    let (_, name) = name?;
    Some(Attribute {
        name: name.to_owned(),
        number,
        repeats: repeats || original.is_some_and(|original| original.repeats),
        kind: kind?,
    })
}

/// Reads all sub-messages, one for each node.
pub fn sub_messages(nodes: &[Node], names: &Names, problems: &mut Problems) -> Vec<SubMessage> {
    let mut messages = Vec::new();
    for node in nodes {
        let mut message = SubMessage {
            name: String::new(),
            formats: BTreeMap::new(),
        };
        if let Some(mut table) = Table::of(node, "a sub-message", problems) {
            let name = table.require_text("name", problems);
            message.name = name.unwrap_or_default().to_owned();
            for node in table.require_list("formats", problems) {
                let Some(mut table) = Table::of(node, "a format", problems) else {
                    continue;
                };
                let value = table.require_text("value", problems).unwrap_or_default();
                let header = table.get("fixed-header");
                let set = table.get("attribute-set");
                let format = Format {
                    header: header.and_then(|node| names.structure(node, problems)),
                    set: set.and_then(|node| names.set(node, problems)),
                };
                message.formats.insert(value.to_owned(), format);
                table.finish(&[], problems);
            }
            table.finish(&["doc"], problems);
        }
        messages.push(message);
    }
    messages
}
