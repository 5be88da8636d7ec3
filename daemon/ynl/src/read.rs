//! From the YAML tree to the model.

mod attributes;
mod definitions;
mod keys;
mod kind;
mod operations;

use crate::problem::{Place, Problem, Problems, meant};
use crate::spec::{EnumId, SetId, Spec, StructId, SubMessageId};
use crate::yaml::{self, Node, Table, Value};
use std::collections::{HashMap, HashSet};

/// Keys of a specification that say nothing about its messages.
const OTHERS: [&str; 10] = [
    "doc",
    "uapi-header",
    "c-family-name",
    "c-version-name",
    "max-by-define",
    "cmd-max-name",
    "cmd-cnt-name",
    "kernel-policy",
    "version",
    "kernel-family",
];

/// The schemas whose families are generic netlink families.
const PROTOCOLS: [&str; 3] = ["genetlink", "genetlink-c", "genetlink-legacy"];

/// Reads a specification.
pub fn spec(text: &str) -> Result<Spec, Vec<Problem>> {
    let one = |line, column, message: String, hint: &str| {
        vec![Problem {
            line,
            column,
            message,
            hint: Some(hint.to_owned()),
        }]
    };
    if text.len() > Spec::TEXT_MAX {
        let message = format!("the text has more than {} bytes", Spec::TEXT_MAX);
        return Err(one(1, 1, message, "name the specification of one family"));
    }
    let top = yaml::read(text).map_err(|problem| vec![problem])?;
    let mut problems = Problems::default();
    let read = Table::of(&top, "a specification", &mut problems)
        .and_then(|table| family(table, &mut problems));
    let found = problems.into_found();
    match read {
        Some(spec) if found.is_empty() => Ok(spec),
        _ if found.is_empty() => {
            let hint = "compare it with those in Documentation/netlink/specs of the kernel";
            Err(one(1, 1, "this is no specification".to_owned(), hint))
        }
        _ => Err(found),
    }
}

fn family(mut table: Table<'_>, problems: &mut Problems) -> Option<Spec> {
    let name = table.require_text("name", problems);
    if let Some(node) = table.get("protocol")
        && let Some(protocol) = yaml::text(node, "protocol", problems)
        && !PROTOCOLS.contains(&protocol)
    {
        problems.add_with_hint(
            node.at,
            format!("`protocol` {protocol:?} is no generic netlink"),
            format!("it can be {}", PROTOCOLS.join(", ")),
        );
        return None;
    }
    let definitions = definitions::read(table.list("definitions", problems), problems);
    let sets = table.require_list("attribute-sets", problems);
    let sub_messages = table.list("sub-messages", problems);
    let names = Names {
        enums: definitions.enums.index(|definition| &definition.name),
        flags: definitions::flags(&definitions.enums),
        structs: definitions.structs.index(|definition| &definition.name),
        sets: attributes::names(sets),
        sub_messages: attributes::names(sub_messages),
    };
    let sets = attributes::sets(sets, &names, problems);
    let sub_messages = attributes::sub_messages(sub_messages, &names, problems);
    let operations = table.require("operations", problems);
    let operations = operations.and_then(|node| operations::read(node, &names, problems));
    let groups = table.get("mcast-groups");
    let groups = groups.map_or_else(Vec::new, |node| operations::groups(node, problems));
    table.finish(&OTHERS, problems);
    let (operations, from_kernel) = operations?;
    Some(Spec {
        name: name?.to_owned(),
        operations,
        groups,
        sets,
        enums: definitions.enums.0,
        structs: definitions.structs.0,
        sub_messages,
        from_kernel,
    })
}

/// What names stand for.
struct Names {
    enums: HashMap<String, usize>,
    /// Those of the enumerations that are flags.
    flags: HashSet<usize>,
    structs: HashMap<String, usize>,
    sets: HashMap<String, usize>,
    sub_messages: HashMap<String, usize>,
}

impl Names {
    fn find(
        names: &HashMap<String, usize>,
        what: &str,
        node: &Node,
        problems: &mut Problems,
    ) -> Option<usize> {
        let name = yaml::text(node, what, problems)?;
        let found = names.get(name).copied();
        if found.is_none() {
            let mut known: Vec<&str> = names.keys().map(String::as_str).collect();
            known.sort_unstable();
            problems.add_with_hint(
                node.at,
                format!("there is no {what} {name:?} in this file"),
                meant(name, known),
            );
        }
        found
    }

    fn enumeration(&self, node: &Node, problems: &mut Problems) -> Option<EnumId> {
        Self::find(&self.enums, "enum or flags definition", node, problems).map(EnumId)
    }

    fn structure(&self, node: &Node, problems: &mut Problems) -> Option<StructId> {
        Self::find(&self.structs, "struct definition", node, problems).map(StructId)
    }

    fn set(&self, node: &Node, problems: &mut Problems) -> Option<SetId> {
        Self::find(&self.sets, "attribute set", node, problems).map(SetId)
    }

    fn sub_message(&self, node: &Node, problems: &mut Problems) -> Option<SubMessageId> {
        Self::find(&self.sub_messages, "sub-message", node, problems).map(SubMessageId)
    }
}

/// Things that are found by their names. Of two with one name the last counts.
struct Named<T>(Vec<T>);

impl<T> Named<T> {
    fn index(&self, name: impl Fn(&T) -> &String) -> HashMap<String, usize> {
        let named = self.0.iter().enumerate();
        named
            .map(|(index, thing)| (name(thing).clone(), index))
            .collect()
    }
}

/// A number from 0 to `max`.
fn number(node: &Node, key: &str, max: u64, problems: &mut Problems) -> Option<u64> {
    let number = match node.value {
        Value::Integer(number) => u64::try_from(number).ok(),
        _ => None,
    };
    let number = number.filter(|&number| number <= max);
    if number.is_none() {
        wrong_number(node.at, key, max, problems);
    }
    number
}

fn wrong_number(at: Place, key: &str, max: u64, problems: &mut Problems) {
    problems.add(at, format!("`{key}` must be a number from 0 to {max}"));
}
