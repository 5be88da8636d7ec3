//! The YAML text as a tree of nodes with their places.
//!
//! The crate saphyr reads YAML 1.2. The depth is bounded while it does, since its trees are dropped by
//! recursion, and references to anchors are bounded in what they copy.

mod table;

use crate::problem::{Place, Problem};
use saphyr::{MarkedYaml, Marker, Scalar, YamlData, YamlLoader};
use saphyr_parser::{Event, Parser, SpannedEventReceiver as _};
pub use table::{Table, text};

/// How deep lists and mappings may be within each other. Specifications need 9.
const DEPTH_MAX: usize = 32;

/// Nodes that references to anchors may copy, all together.
const COPIES_MAX: usize = 20_000;

/// A node and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Something that no specification has, such as a fraction.
    Other,
    /// A list.
    List(Vec<Node>),
    /// Keys, their places, and values.
    Map(Vec<(String, Place, Node)>),
}

/// Reads a text with one document.
pub fn read(text: &str) -> Result<Node, Problem> {
    let mut loader = YamlLoader::<MarkedYaml<'_>>::default();
    loader.alias_limit(COPIES_MAX);
    let mut depth = 0usize;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| at_marker(error.marker(), error.info().to_owned()))?;
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} lists and mappings within each other");
            return Err(at_marker(&span.start, message));
        }
        loader.on_event(event, span);
    }
    if let Some(error) = loader.error() {
        return Err(at_marker(error.marker(), error.info().to_owned()));
    }
    let mut documents = loader.into_documents();
    if documents.len() > 1 {
        let message = "a specification is one document".to_owned();
        return Err(at_marker(&documents[1].span.start, message));
    }
    let top = Place { line: 1, column: 1 };
    match documents.pop() {
        Some(document) => node(document, 0),
        None => Ok(Node {
            at: top,
            value: Value::Null,
        }),
    }
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

fn at_marker(marker: &Marker, message: String) -> Problem {
    let Place { line, column } = place(marker);
    Problem {
        line,
        column,
        message,
        hint: None,
    }
}

fn node(yaml: MarkedYaml<'_>, depth: usize) -> Result<Node, Problem> {
    let at = place(&yaml.span.start);
    if depth > DEPTH_MAX {
        let message = format!("references make more than {DEPTH_MAX} lists and mappings");
        return Err(at_marker(&yaml.span.start, message));
    }
    let value = match yaml.data {
        YamlData::Value(Scalar::Null) => Value::Null,
        YamlData::Value(Scalar::Boolean(boolean)) => Value::Boolean(boolean),
        YamlData::Value(Scalar::Integer(integer)) => Value::Integer(integer),
        YamlData::Value(Scalar::String(text)) => Value::Text(text.into_owned()),
        YamlData::Sequence(list) => Value::List(
            list.into_iter()
                .map(|element| node(element, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        YamlData::Mapping(mapping) => {
            let mut entries = Vec::with_capacity(mapping.len());
            for (key, value) in mapping {
                let key = node(key, depth + 1)?;
                let Value::Text(name) = key.value else {
                    return Err(Problem {
                        line: key.at.line,
                        column: key.at.column,
                        message: "a key is not a text".to_owned(),
                        hint: None,
                    });
                };
                entries.push((name, key.at, node(value, depth + 1)?));
            }
            Value::Map(entries)
        }
        _ => Value::Other,
    };
    Ok(Node { at, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one() {
        let top = read("a: 1\nb:\n  - c\n").unwrap();
        let Value::Map(entries) = top.value else {
            panic!("{top:?}");
        };
        let places: Vec<_> = entries
            .iter()
            .map(|(name, at, node)| {
                (
                    name.as_str(),
                    (at.line, at.column),
                    (node.at.line, node.at.column),
                )
            })
            .collect();
        assert_eq!(places[0], ("a", (1, 1), (1, 4)));
        assert_eq!(places[1].1, (2, 1));
        assert_eq!(places[1].2.0, 3);
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "[".repeat(100_000),
            "- ".repeat(100_000),
            "{a: ".repeat(100_000),
        ] {
            assert!(read(&text).is_err());
        }
    }

    #[test]
    fn references_cannot_grow_without_bound() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            let list = vec![before; 9].join(", ");
            text += &format!("a{level}: &a{level} [{list}]\n");
        }
        assert!(read(&text).is_err());
    }

    #[test]
    fn syntax_errors_have_a_place() {
        let problem = read("a: 1\nb: [\n").unwrap_err();
        assert!(problem.line >= 2, "{problem}");
        assert!(read("a: 1\na: 2\n").is_err());
        assert!(read("a: 1\n---\nb: 2\n").is_err());
        assert!(matches!(read("").unwrap().value, Value::Null));
    }
}
