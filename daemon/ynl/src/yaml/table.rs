//! Reads mappings by their keys, and notices the keys that nobody asked for.

use super::{Node, Value};
use crate::problem::{Place, Problems, meant};

/// A mapping that is being read.
pub struct Table<'n> {
    /// Where it is.
    pub at: Place,
    /// What it is, for messages: "an attribute".
    what: &'static str,
    entries: &'n [(String, Place, Node)],
    known: Vec<&'static str>,
}

impl<'n> Table<'n> {
    /// Starts to read a node that must be a mapping.
    pub fn of(node: &'n Node, what: &'static str, problems: &mut Problems) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            problems.add(
                node.at,
                format!("{what} must be a mapping of keys to values"),
            );
            return None;
        };
        Some(Self {
            at: node.at,
            what,
            entries,
            known: Vec::new(),
        })
    }

    /// The value of `key`, if it is there. An empty one is not.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let (_, _, node) = self.entries.iter().find(|(name, ..)| name == key)?;
        (!matches!(node.value, Value::Null)).then_some(node)
    }

    /// The value of `key`, which must be there.
    pub fn require(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() {
            problems.add(self.at, format!("{} has no `{key}`", self.what));
        }
        node
    }

    /// Text of `key`.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'n str> {
        text(self.get(key)?, key, problems)
    }

    /// Text of `key`, which must be there.
    pub fn require_text(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'n str> {
        text(self.require(key, problems)?, key, problems)
    }

    /// Whether `key` is there and true.
    pub fn is_true(&mut self, key: &'static str, problems: &mut Problems) -> bool {
        match self.get(key).map(|node| (node.at, &node.value)) {
            None => false,
            Some((_, &Value::Boolean(boolean))) => boolean,
            Some((at, _)) => {
                problems.add(at, format!("`{key}` must be true or false"));
                false
            }
        }
    }

    /// Elements of the list `key`.
    pub fn list(&mut self, key: &'static str, problems: &mut Problems) -> &'n [Node] {
        self.get(key).map_or(&[], |node| list(node, key, problems))
    }

    /// Elements of the list `key`, which must be there.
    pub fn require_list(&mut self, key: &'static str, problems: &mut Problems) -> &'n [Node] {
        let node = self.require(key, problems);
        node.map_or(&[], |node| list(node, key, problems))
    }

    /// Ends the reading. Keys that nobody asked for and that are not in `others`, which say nothing about
    /// the messages, are problems.
    pub fn finish(self, others: &[&'static str], problems: &mut Problems) {
        for (name, at, _) in self.entries {
            let mut known = self.known.iter().chain(others).copied();
            if !known.any(|key| key == name) {
                let known = self.known.iter().chain(others).copied();
                problems.add_with_hint(
                    *at,
                    format!("unknown key `{name}` in {}", self.what),
                    meant(name, known),
                );
            }
        }
    }
}

/// Text that a node must be.
pub fn text<'n>(node: &'n Node, key: &str, problems: &mut Problems) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => {
            problems.add_with_hint(
                node.at,
                format!("`{key}` must be a text"),
                "put a name that looks like a number in quotes",
            );
            None
        }
    }
}

/// Elements of the list that a node must be.
fn list<'n>(node: &'n Node, key: &str, problems: &mut Problems) -> &'n [Node] {
    match &node.value {
        Value::List(list) => list,
        _ => {
            problems.add(node.at, format!("`{key}` must be a list"));
            &[]
        }
    }
}
