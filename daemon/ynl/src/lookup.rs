//! Which attribute a dotted path names, such as `mcast-groups.name`.

use crate::spec::{
    AttributeSet, Binary, Element, EnumId, Kind, Meaning, MemberKind, Number, Operation, SetId,
    Spec, StructId,
};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A number.
    Number,
    /// A number that is shown as text.
    Shown,
    /// A name of an enumeration, or names of flags.
    Name(EnumId),
    /// Text, or bytes.
    Text,
    /// A flag.
    Flag,
    /// Attributes or members.
    Nest,
}

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchAttribute<'a> {
    /// The part that names nothing.
    pub part: &'a str,
    /// The names that it could be.
    pub known: Vec<String>,
}

/// Where a part of a path is looked up.
#[derive(Clone, Default)]
struct Level {
    sets: Vec<SetId>,
    structs: Vec<StructId>,
    /// Values of a nest-type-value or of a bitfield32.
    values: Vec<String>,
    /// What the values of a bitfield32 stand for.
    bits: Option<Meaning>,
}

impl Spec {
    /// What `path` names in messages of `operation`: names of attributes and of members of structures, with
    /// dots between them. Lists take no part: a path goes through each of their elements.
    ///
    /// # Errors
    ///
    /// The first part that names nothing, with what it could be.
    pub fn find<'p>(
        &self,
        operation: &Operation,
        path: &'p str,
    ) -> Result<Leaf, NoSuchAttribute<'p>> {
        let mut level = Level {
            sets: operation.set.into_iter().collect(),
            structs: operation.header.into_iter().collect(),
            ..Level::default()
        };
        let mut leaf = Leaf::Nest;
        for part in path.split('.') {
            let Some((found, inner)) = self.step(&level, part) else {
                return Err(NoSuchAttribute {
                    part,
                    known: self.names(&level),
                });
            };
            (leaf, level) = (found, inner);
        }
        Ok(leaf)
    }

    fn step(&self, level: &Level, name: &str) -> Option<(Leaf, Level)> {
        if level.values.iter().any(|value| value == name) {
            let leaf = level.bits.map_or(Leaf::Number, of_meaning);
            return Some((leaf, Level::default()));
        }
        let sets = level.sets.iter().filter_map(|&id| self.set(id));
        let attribute = sets
            .filter_map(|set: &AttributeSet| set.by_name(name))
            .next();
        if let Some(attribute) = attribute {
            return Some(self.of_kind(&attribute.kind));
        }
        let structs = level.structs.iter().filter_map(|&id| self.structure(id));
        let mut members = structs.flat_map(|structure| &structure.members);
        let member = members.find(|member| member.name == name)?;
        Some(match member.kind {
            MemberKind::Number(number) => (of_number(number), Level::default()),
            MemberKind::Text | MemberKind::Bytes(_) => (Leaf::Text, Level::default()),
            MemberKind::Struct(id) => (Leaf::Nest, members_of(id)),
            MemberKind::Pad => return None,
        })
    }

    fn of_kind(&self, kind: &Kind) -> (Leaf, Level) {
        let leaf = |leaf| (leaf, Level::default());
        let nest = |set| {
            let level = Level {
                sets: vec![set],
                ..Level::default()
            };
            (Leaf::Nest, level)
        };
        match kind {
            Kind::Number(number)
            | Kind::Binary(Binary::Array(number))
            | Kind::IndexedArray(Element::Number(number)) => leaf(of_number(*number)),
            Kind::Flag => leaf(Leaf::Flag),
            Kind::Binary(Binary::Struct(id)) => (Leaf::Nest, members_of(*id)),
            Kind::Nest(set) | Kind::IndexedArray(Element::Nest(set)) => nest(*set),
            Kind::NestTypeValue { names, set } => {
                let (leaf, level) = nest(*set);
                let values = names.clone();
                (leaf, Level { values, ..level })
            }
            Kind::SubMessage { formats, .. } => {
                let message = self.sub_message(*formats);
                let formats = message.iter().flat_map(|message| message.formats.values());
                let mut level = Level::default();
                for format in formats {
                    level.sets.extend(format.set);
                    level.structs.extend(format.header);
                }
                (Leaf::Nest, level)
            }
            Kind::Bitfield32(meaning) => {
                let values = ["value", "selector"].map(str::to_owned).to_vec();
                let level = Level {
                    values,
                    bits: Some(*meaning),
                    ..Level::default()
                };
                (Leaf::Nest, level)
            }
            Kind::Unused
            | Kind::Pad
            | Kind::Text
            | Kind::Binary(Binary::Plain(_))
            | Kind::IndexedArray(Element::Binary(_) | Element::Text) => leaf(Leaf::Text),
        }
    }

    /// All names of a level.
    fn names(&self, level: &Level) -> Vec<String> {
        let sets = level.sets.iter().filter_map(|&id| self.set(id));
        let attributes =
            sets.flat_map(|set| set.attributes.iter().map(|attribute| &attribute.name));
        let structs = level.structs.iter().filter_map(|&id| self.structure(id));
        let members =
            structs.flat_map(|structure| structure.members.iter().map(|member| &member.name));
        attributes
            .chain(members)
            .chain(&level.values)
            .cloned()
            .collect()
    }
}

fn members_of(id: StructId) -> Level {
    Level {
        structs: vec![id],
        ..Level::default()
    }
}

fn of_number(number: Number) -> Leaf {
    of_meaning(number.meaning)
}

fn of_meaning(meaning: Meaning) -> Leaf {
    match meaning {
        Meaning::Plain => Leaf::Number,
        Meaning::Shown(_) => Leaf::Shown,
        Meaning::Enum(id) | Meaning::Flags(id) => Leaf::Name(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_through_nests_lists_and_structures() {
        let check = |text: &str, command, path: &str, expected: Result<Leaf, &str>| {
            let spec = Spec::parse(text).unwrap();
            let operation = spec.from_kernel(command).unwrap();
            let found = spec.find(operation, path).map_err(|error| error.part);
            assert_eq!(found, expected, "{path}");
        };
        let nlctrl = include_str!("../specs/nlctrl.yaml");
        check(nlctrl, 1, "family-name", Ok(Leaf::Text));
        check(nlctrl, 1, "family-id", Ok(Leaf::Number));
        check(nlctrl, 1, "mcast-groups", Ok(Leaf::Nest));
        check(nlctrl, 1, "mcast-groups.name", Ok(Leaf::Text));
        check(nlctrl, 1, "mcast-groups.nam", Err("nam"));
        check(nlctrl, 1, "family-name.x", Err("x"));
        check(nlctrl, 10, "policy.policy-id", Ok(Leaf::Number));
        check(nlctrl, 1, "", Err(""));
        let acpi = include_str!("../specs/acpi_event.yaml");
        check(acpi, 1, "event.device-class", Ok(Leaf::Text));
        check(acpi, 1, "event.type", Ok(Leaf::Number));
        check(
            include_str!("../../../driver/spec/irqcast.yaml"),
            5,
            "cause",
            Ok(Leaf::Shown),
        );
    }
}
