//! Keys that attributes and members of structures share.

use super::Names;
use crate::problem::{Problems, meant};
use crate::spec::{ByteOrder, Hint, Meaning};
use crate::yaml::Table;

/// The key `byte-order`.
pub fn byte_order(table: &mut Table<'_>, problems: &mut Problems) -> ByteOrder {
    let at = table.at;
    match table.text("byte-order", problems) {
        None => ByteOrder::Native,
        Some("big-endian") => ByteOrder::Big,
        Some("little-endian") => ByteOrder::Little,
        Some(other) => {
            problems.add_with_hint(
                at,
                format!("`byte-order` {other:?} is unknown"),
                meant(other, ["big-endian", "little-endian"]),
            );
            ByteOrder::Native
        }
    }
}

/// The key `display-hint`.
pub fn hint(table: &mut Table<'_>, problems: &mut Problems) -> Option<Hint> {
    let at = table.at;
    Some(match table.text("display-hint", problems)? {
        "hex" => Hint::Hex,
        "mac" => Hint::Mac,
        "fddi" => Hint::Fddi,
        "ipv4" | "ipv6" | "ipv4-or-v6" => Hint::Ip,
        "uuid" => Hint::Uuid,
        other => {
            problems.add_with_hint(
                at,
                format!("`display-hint` {other:?} is unknown"),
                meant(
                    other,
                    ["hex", "mac", "fddi", "ipv4", "ipv6", "ipv4-or-v6", "uuid"],
                ),
            );
            return None;
        }
    })
}

/// The keys `enum` and `enum-as-flags`, before the hint. `None` when a problem was added.
pub fn meaning(
    table: &mut Table<'_>,
    names: &Names,
    hint: Option<Hint>,
    problems: &mut Problems,
) -> Option<Meaning> {
    let as_flags = table.is_true("enum-as-flags", problems);
    Some(match table.get("enum") {
        Some(node) => {
            let id = names.enumeration(node, problems)?;
            match as_flags || names.flags.contains(&id.0) {
                true => Meaning::Flags(id),
                false => Meaning::Enum(id),
            }
        }
        None => hint.map_or(Meaning::Plain, Meaning::Shown),
    })
}
