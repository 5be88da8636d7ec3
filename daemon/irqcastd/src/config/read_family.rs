//! Reads `[[family]]`, and the conditions of a rule for messages of such a family.

use super::problem::Problems;
use super::table::{Table, Value, meant};
use crate::rule::{Condition, FamilyMatch, Glob};
use irqcast_ynl::{Leaf, Operation, Spec, SpecError};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::rc::Rc;

/// Another family to listen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, which no other has.
    pub name: String,
    /// What its messages mean.
    pub spec: Spec,
    /// Names of the multicast groups to join; never empty.
    pub groups: Vec<String>,
}

/// Reads all families.
pub fn families(tables: Vec<Table<'_, '_>>, problems: &mut Problems<'_>) -> Vec<Rc<Family>> {
    let mut families: Vec<Rc<Family>> = Vec::new();
    for table in tables {
        let span = table.span.clone();
        let Some(family) = family(table, problems) else {
            continue;
        };
        if families.iter().any(|other| other.name == family.name) {
            problems.add(&span, format!("there are two families {:?}", family.name));
        }
        families.push(Rc::new(family));
    }
    families
}

fn family(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Family> {
    let at = table.span.clone();
    let name = table.require("name", problems);
    let name = name.and_then(|value| value.string(problems));
    let spec = table.require("spec", problems);
    let spec = spec.and_then(|value| spec_of(&value, name, problems));
    let groups = match table.get("groups") {
        None => spec.as_ref().map(|spec| spec.groups.clone()),
        Some(value) => {
            let groups = value.strings("a list of names of multicast groups", problems);
            groups.map(|groups| groups.iter().map(|(name, _)| (*name).to_owned()).collect())
        }
    };
    table.finish(problems);
    let groups: Vec<String> = groups?;
    if groups.is_empty() {
        problems.add_with_hint(
            &at,
            "there is no multicast group to listen to",
            "name those of the family in `groups`; the specification names none".to_owned(),
        );
        return None;
    }
    Some(Family {
        name: name?.to_owned(),
        spec: spec?,
        groups,
    })
}

/// Reads the specification that a value names, which must be that of the family.
fn spec_of(
    value: &Value<'_, '_>,
    family: Option<&str>,
    problems: &mut Problems<'_>,
) -> Option<Spec> {
    let path = PathBuf::from(value.string(problems)?);
    if !path.is_absolute() {
        problems.add(
            &value.span,
            format!("the specification {path:?} is not an absolute path"),
        );
        return None;
    }
    match Spec::load(&path) {
        Ok(spec) => {
            if let Some(name) = family.filter(|&name| name != spec.name) {
                problems.add_with_hint(
                    &value.span,
                    format!("the specification is not of the family {name:?}"),
                    format!("it is of {:?}", spec.name),
                );
            }
            Some(spec)
        }
        Err(SpecError::Wrong {
            file,
            problems: wrong,
        }) => {
            for problem in wrong {
                problems.add(&value.span, format!("{}:{problem}", file.display()));
            }
            None
        }
        Err(unreadable) => {
            problems.add(&value.span, unreadable.to_string());
            None
        }
    }
}

/// Reads the conditions on messages of the family that `name` names.
pub fn conditions(
    name: Value<'_, '_>,
    mut table: Table<'_, '_>,
    families: &[Rc<Family>],
    problems: &mut Problems<'_>,
) -> Option<FamilyMatch> {
    let message = table.get("message");
    let attributes = table.get("attributes");
    table.finish(problems);
    let family = name.string(problems)?;
    let Some(Family { spec, .. }) = families
        .iter()
        .map(AsRef::as_ref)
        .find(|known| known.name == family)
    else {
        let known: Vec<&str> = families.iter().map(|known| known.name.as_str()).collect();
        let hint = match known.is_empty() {
            true => "name its specification in a [[family]], if that is not wrong".to_owned(),
            false => meant(family, &known),
        };
        problems.add_with_hint(
            &name.span,
            format!("there is no right [[family]] of the name {family:?}"),
            hint,
        );
        return None;
    };
    let message = match message {
        None => None,
        Some(value) => Some(message_of(&value, spec, problems)?),
    };
    let operations: Vec<&Operation> = spec
        .sent_by_kernel()
        .map(|(_, operation)| operation)
        .filter(|operation| message.is_none_or(|name| name == operation.name))
        .collect();
    let attributes = match attributes {
        None => Vec::new(),
        Some(value) => value
            .table("the attributes", problems)?
            .entries()
            .map(|value| {
                let path = value.key().to_owned();
                Some((path, condition(value, spec, &operations, problems)?))
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Option<_>>()?,
    };
    Some(FamilyMatch {
        family: family.to_owned(),
        message: message.map(str::to_owned),
        attributes,
    })
}

fn message_of<'a>(
    value: &Value<'a, '_>,
    spec: &Spec,
    problems: &mut Problems<'_>,
) -> Option<&'a str> {
    let name = value.string(problems)?;
    let known: Vec<&str> = spec
        .sent_by_kernel()
        .map(|(_, operation)| operation.name.as_str())
        .collect();
    if known.contains(&name) {
        return Some(name);
    }
    problems.add_with_hint(
        &value.span,
        format!(
            "the kernel sends no message {name:?} of the family {:?}",
            spec.name
        ),
        meant(name, &known),
    );
    None
}

fn condition(
    value: Value<'_, '_>,
    spec: &Spec,
    operations: &[&Operation],
    problems: &mut Problems<'_>,
) -> Option<Condition> {
    let path = value.key();
    let found: Vec<_> = operations
        .iter()
        .map(|operation| spec.find(operation, path))
        .collect();
    let Some(leaf) = found.iter().find_map(|found| found.as_ref().ok()) else {
        let longest = found.iter().filter_map(|found| found.as_ref().err());
        let (part, known) = longest
            .max_by_key(|error| path.len() - error.part.len())
            .map_or((path, Vec::new()), |error| {
                (error.part, error.known.clone())
            });
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        problems.add_with_hint(
            &value.span,
            format!("no such message has an attribute `{path}`"),
            match known.is_empty() {
                true => format!("there is nothing in it that `{part}` could name"),
                false => meant(part, &known),
            },
        );
        return None;
    };
    let wrong = |wanted: &str, problems: &mut Problems<'_>| {
        problems.add(&value.span, format!("`{path}` must be {wanted}"));
        None
    };
    match leaf {
        _ if value.is_boolean() => match value.boolean(problems)? {
            true => Some(Condition::Present),
            false => wrong(
                "true, for being there, or something that it is compared with",
                problems,
            ),
        },
        Leaf::Number | Leaf::Shown if !value.is_string() => {
            range(value, problems).map(Condition::Number)
        }
        Leaf::Text | Leaf::Name(_) | Leaf::Shown if value.is_string() => {
            Some(Condition::Text(Glob::new(value.string(problems)?)))
        }
        Leaf::Number => wrong("a number, a range or true", problems),
        Leaf::Flag | Leaf::Nest => wrong("true: it has no value of its own", problems),
        Leaf::Text | Leaf::Name(_) | Leaf::Shown => {
            wrong("a text, in which * stands for any, or true", problems)
        }
    }
}

/// A number, or `{ min = …, max = … }` with both ends included.
fn range(value: Value<'_, '_>, problems: &mut Problems<'_>) -> Option<RangeInclusive<i128>> {
    let span = value.span.clone();
    if !value.is_table() {
        let number = value.number(problems)?;
        return Some(number..=number);
    }
    let mut table = value.table("a range", problems)?;
    let mut end = |key, otherwise| match table.get(key) {
        None => Some(otherwise),
        Some(value) => value.number(problems),
    };
    let (min, max) = (end("min", i128::MIN), end("max", i128::MAX));
    table.finish(problems);
    let range = min?..=max?;
    if range == (i128::MIN..=i128::MAX) || range.is_empty() {
        problems.add(
            &span,
            "a range has a `min`, a `max` or both, and holds something",
        );
        return None;
    }
    Some(range)
}

#[cfg(test)]
mod tests;
