//! Constants, enumerations, flags and structures.

use super::keys::{byte_order, hint, meaning};
use super::kind::NUMBERS;
use super::{Named, Names, wrong_number};
use crate::problem::{Place, Problems, meant};
use crate::spec::{Enum, Meaning, Member, MemberKind, Number, Size, Struct, StructId};
use crate::yaml::{self, Node, Table, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longest structure, in bytes: more than a message holds.
const STRUCT_MAX: usize = 1 << 16;

/// Keys that say nothing about messages.
const OTHERS: [&str; 7] = [
    "doc",
    "header",
    "scope",
    "render-max",
    "enum-name",
    "name-prefix",
    "enum-cnt-name",
];

/// What the file defines.
pub struct Definitions {
    pub enums: Named<Enum>,
    pub structs: Named<Struct>,
}

/// A structure that was not read yet.
struct Unread<'n> {
    name: String,
    at: Place,
    members: &'n [Node],
}

/// Reads all definitions. Constants go into lengths and values.
pub fn read(nodes: &[Node], problems: &mut Problems) -> Definitions {
    let mut constants = HashMap::new();
    let (mut enums, mut unread) = (Vec::new(), Vec::new());
    for node in nodes {
        let Some(mut table) = Table::of(node, "a definition", problems) else {
            continue;
        };
        let name = table.require_text("name", problems).unwrap_or_default();
        let kind = table.require("type", problems);
        let value = table.get("value");
        let value_start = table.get("value-start");
        let entries = table.list("entries", problems);
        let members = table.list("members", problems);
        match kind.and_then(|kind| Some((kind.at, yaml::text(kind, "type", problems)?))) {
            Some((_, "const")) => {
                if let Some(Value::Integer(number)) = value.map(|node| &node.value) {
                    constants.insert(name.to_owned(), *number);
                }
            }
            Some((_, kind @ ("enum" | "flags"))) => {
                let start =
                    value_start.and_then(|node| integer(node, "value-start", &constants, problems));
                enums.push(Enum {
                    name: name.to_owned(),
                    is_flags: kind == "flags",
                    entries: read_entries(entries, start.unwrap_or(0), problems),
                });
            }
            Some((_, "struct")) => unread.push(Unread {
                name: name.to_owned(),
                at: node.at,
                members,
            }),
            Some((at, other)) => problems.add_with_hint(
                at,
                format!("`type` {other:?} of a definition is unknown"),
                meant(other, ["const", "enum", "flags", "struct"]),
            ),
            None => {}
        }
        table.finish(&OTHERS, problems);
    }
    let enums = Named(enums);
    let names = Names {
        enums: enums.index(|definition| &definition.name),
        flags: flags(&enums),
        structs: Named(unread.iter().collect()).index(|unread| &unread.name),
        sets: HashMap::new(),
        sub_messages: HashMap::new(),
    };
    let mut structs = Vec::new();
    for Unread { name, members, .. } in &unread {
        structs.push(Struct {
            name: name.clone(),
            members: members
                .iter()
                .filter_map(|node| member(node, &names, &constants, problems))
                .collect(),
            size: 0,
        });
    }
    measure(&mut structs, &unread, problems);
    Definitions {
        enums,
        structs: Named(structs),
    }
}

/// Those of the enumerations that are flags.
pub fn flags(enums: &Named<Enum>) -> HashSet<usize> {
    let numbered = enums.0.iter().enumerate();
    numbered
        .filter(|(_, definition)| definition.is_flags)
        .map(|(index, _)| index)
        .collect()
}

fn read_entries(nodes: &[Node], start: i64, problems: &mut Problems) -> Vec<(i64, String)> {
    let mut next = start;
    let mut entries = BTreeMap::new();
    for node in nodes {
        let name = if let Value::Text(name) = &node.value {
            Some(name.as_str())
        } else if let Some(mut table) = Table::of(node, "an entry", problems) {
            let name = table.require_text("name", problems);
            if let Some(value) = table.get("value") {
                next = integer(value, "value", &HashMap::new(), problems).unwrap_or(next);
            }
            table.finish(&["doc"], problems);
            name
        } else {
            None
        };
        // Of two names for one value the last counts, as it does for the kernel's own client.
        entries.insert(next, name.unwrap_or_default().to_owned());
        next = next.saturating_add(1);
    }
    entries.into_iter().collect()
}

/// A number, or the name of a constant, which may be followed by ` - 1`.
fn integer(
    node: &Node,
    key: &str,
    constants: &HashMap<String, i64>,
    problems: &mut Problems,
) -> Option<i64> {
    match &node.value {
        Value::Integer(number) => Some(*number),
        Value::Text(text) => {
            let (name, less) = match text.strip_suffix(" - 1") {
                Some(name) => (name, 1),
                None => (text.as_str(), 0),
            };
            let number = constants
                .get(name)
                .map(|number| number.saturating_sub(less));
            if number.is_none() {
                problems.add_with_hint(
                    node.at,
                    format!("`{key}` {name:?} is no constant with a number in this file"),
                    meant(name, constants.keys().map(String::as_str)),
                );
            }
            number
        }
        _ => {
            problems.add(
                node.at,
                format!("`{key}` must be a number or the name of a constant"),
            );
            None
        }
    }
}

fn member(
    node: &Node,
    names: &Names,
    constants: &HashMap<String, i64>,
    problems: &mut Problems,
) -> Option<Member> {
    let mut table = Table::of(node, "a member of a structure", problems)?;
    let name = table.require_text("name", problems);
    let kind = table.require("type", problems);
    let len = table.get("len");
    let order = byte_order(&mut table, problems);
    let hint = hint(&mut table, problems);
    let meaning = meaning(&mut table, names, hint, problems);
    let nested = table.get("struct");
    table.finish(&["doc"], problems);
    let kind = kind?;
    let text = yaml::text(kind, "type", problems)?;
    let mut length = |what: &str| {
        let Some(len) = len else {
            problems.add(node.at, format!("a member that is {what} has no `len`"));
            return None;
        };
        let length = integer(len, "len", constants, problems)?;
        let length = usize::try_from(length).ok();
        let length = length.filter(|length| (1..=STRUCT_MAX).contains(length));
        if length.is_none() {
            wrong_number(len.at, "len", STRUCT_MAX as u64, problems);
        }
        length
    };
    let (kind, size) = match text {
        "pad" => (MemberKind::Pad, length("a pad")?),
        "string" => (MemberKind::Text, length("a string")?),
        "binary" => match nested {
            Some(nested) => (MemberKind::Struct(names.structure(nested, problems)?), 0),
            None => (MemberKind::Bytes(hint), length("binary")?),
        },
        scalar => {
            let Some(&(_, size, signed)) = NUMBERS.iter().find(|(name, ..)| *name == scalar) else {
                let known = NUMBERS.iter().map(|(name, ..)| *name);
                problems.add_with_hint(
                    kind.at,
                    format!("`type` {scalar:?} of a member is unknown"),
                    meant(scalar, known.chain(["string", "binary", "pad"])),
                );
                return None;
            };
            let number = Number {
                size: Size::Bytes(size),
                signed,
                order,
                meaning: meaning.unwrap_or(Meaning::Plain),
            };
            (MemberKind::Number(number), size)
        }
    };
    Some(Member {
        name: name?.to_owned(),
        size,
        kind,
    })
}

/// Gives each structure its size, those first that hold no other.
fn measure(structs: &mut [Struct], unread: &[Unread<'_>], problems: &mut Problems) {
    loop {
        let mut progress = false;
        for index in 0..structs.len() {
            if structs[index].size > 0 {
                continue;
            }
            let mut members = structs[index].members.clone();
            for member in &mut members {
                if let MemberKind::Struct(StructId(inner)) = member.kind {
                    member.size = structs.get(inner).map_or(0, |inner| inner.size);
                }
            }
            let is_known = !members.is_empty() && members.iter().all(|member| member.size > 0);
            let size = members
                .iter()
                .fold(0usize, |sum, member| sum.saturating_add(member.size));
            if is_known && size <= STRUCT_MAX {
                structs[index].members = members;
                structs[index].size = size;
                progress = true;
            }
        }
        if !progress {
            break;
        }
    }
    for (structure, Unread { name, at, .. }) in structs.iter().zip(unread) {
        if structure.size == 0 {
            problems.add_with_hint(
                *at,
                format!("the size of the struct {name:?} cannot be told"),
                format!(
                    "it needs members, must not hold itself, and has at most {STRUCT_MAX} bytes"
                ),
            );
        }
    }
}
