//! The layout of an attribute's value.

use super::Names;
use super::keys::{byte_order, hint, meaning};
use crate::problem::{Problems, meant};
use crate::spec::{Attribute, Binary, ByteOrder, Element, Kind, Meaning, Number, Size};
use crate::yaml::{self, Node, Table};

/// Types of numbers with a fixed length: name, bytes, signed.
pub const NUMBERS: [(&str, usize, bool); 8] = [
    ("u8", 1, false),
    ("u16", 2, false),
    ("u32", 4, false),
    ("u64", 8, false),
    ("s8", 1, true),
    ("s16", 2, true),
    ("s32", 4, true),
    ("s64", 8, true),
];

/// All other types.
const TYPES: [&str; 12] = [
    "unused",
    "pad",
    "flag",
    "binary",
    "bitfield32",
    "uint",
    "sint",
    "string",
    "nest",
    "indexed-array",
    "nest-type-value",
    "sub-message",
];

/// What a subset says anew about an attribute: which attributes are nested.
pub fn kind_of_subset(
    table: &mut Table<'_>,
    original: &Attribute,
    names: &Names,
    problems: &mut Problems,
) -> Option<Kind> {
    let nested = table.get("nested-attributes");
    let nested = match nested {
        None => return Some(original.kind.clone()),
        Some(node) => names.set(node, problems)?,
    };
    Some(match &original.kind {
        Kind::Nest(_) => Kind::Nest(nested),
        Kind::IndexedArray(Element::Nest(_)) => Kind::IndexedArray(Element::Nest(nested)),
        Kind::NestTypeValue { names, .. } => Kind::NestTypeValue {
            names: names.clone(),
            set: nested,
        },
        other => other.clone(),
    })
}

/// Reads the layout of an attribute. `None` when a problem was added.
pub fn kind(table: &mut Table<'_>, names: &Names, problems: &mut Problems) -> Option<Kind> {
    let kind = table.require("type", problems);
    let sub_type = table.get("sub-type");
    let order = byte_order(table, problems);
    let hint = hint(table, problems);
    let meaning = meaning(table, names, hint, problems)?;
    let structure = table.get("struct");
    let type_value = table.list("type-value", problems);
    let nested = table.get("nested-attributes");
    let sub_message = table.get("sub-message");
    let selector = table.text("selector", problems);
    let at = table.at;
    let nested = |problems: &mut Problems| match nested {
        Some(node) => names.set(node, problems),
        None => {
            problems.add(at, "the attribute has no `nested-attributes`");
            None
        }
    };
    let fixed = |name: &str| number_of(name, order, meaning);
    let kind = kind?;
    let name = yaml::text(kind, "type", problems)?;
    Some(match name {
        "unused" => Kind::Unused,
        "pad" => Kind::Pad,
        "flag" => Kind::Flag,
        "string" => Kind::Text,
        "bitfield32" => Kind::Bitfield32(match meaning {
            Meaning::Shown(_) => Meaning::Plain,
            meaning => meaning,
        }),
        "uint" | "sint" => Kind::Number(Number {
            size: Size::Auto,
            signed: name == "sint",
            order,
            // Of these the kernel's own client shows the number, whatever the hint.
            meaning: match meaning {
                Meaning::Shown(_) => Meaning::Plain,
                meaning => meaning,
            },
        }),
        "binary" => Kind::Binary(match (structure, sub_type) {
            (Some(node), _) => Binary::Struct(names.structure(node, problems)?),
            (None, Some(node)) => {
                let name = yaml::text(node, "sub-type", problems)?;
                Binary::Array(known(fixed(name), node, name, problems)?)
            }
            (None, None) => Binary::Plain(hint),
        }),
        "nest" => Kind::Nest(nested(problems)?),
        "indexed-array" => {
            let Some(node) = sub_type else {
                problems.add(kind.at, "the attribute has no `sub-type`");
                return None;
            };
            Kind::IndexedArray(match yaml::text(node, "sub-type", problems)? {
                "nest" => Element::Nest(nested(problems)?),
                "binary" => Element::Binary(hint),
                "string" => Element::Text,
                name => Element::Number(known(fixed(name), node, name, problems)?),
            })
        }
        "nest-type-value" => {
            let names = type_value.iter();
            let names: Option<Vec<String>> = names
                .map(|node| yaml::text(node, "type-value", problems).map(str::to_owned))
                .collect();
            Kind::NestTypeValue {
                names: names?,
                set: nested(problems)?,
            }
        }
        "sub-message" => {
            let (Some(sub_message), Some(selector)) = (sub_message, selector) else {
                problems.add(
                    kind.at,
                    "the attribute has no `sub-message` or no `selector`",
                );
                return None;
            };
            Kind::SubMessage {
                formats: names.sub_message(sub_message, problems)?,
                selector: selector.to_owned(),
            }
        }
        name => Kind::Number(known(fixed(name), kind, name, problems)?),
    })
}

fn number_of(name: &str, order: ByteOrder, meaning: Meaning) -> Option<Number> {
    let &(_, size, signed) = NUMBERS.iter().find(|(known, ..)| *known == name)?;
    Some(Number {
        size: Size::Bytes(size),
        signed,
        order,
        meaning,
    })
}

/// Says so if the type is unknown.
fn known(
    number: Option<Number>,
    node: &Node,
    name: &str,
    problems: &mut Problems,
) -> Option<Number> {
    if number.is_none() {
        let known = NUMBERS.iter().map(|(name, ..)| *name).chain(TYPES);
        problems.add_with_hint(
            node.at,
            format!("the type {name:?} is unknown"),
            meant(name, known),
        );
    }
    number
}
