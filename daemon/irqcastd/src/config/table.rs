//! Reads the values of a TOML table by their keys, and notices the keys that nobody asked for.

use super::problem::Problems;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How alike two keys must be, from 0 to 1, for one to be what was meant by the other.
const ALIKE: f64 = 0.7;

/// A table that is being read.
pub struct Table<'a, 't> {
    table: &'a DeTable<'t>,
    /// Where the table is.
    pub span: Range<usize>,
    /// What the table is, for messages: "a rule".
    what: &'static str,
    known: Vec<&'static str>,
}

/// A value and where it is.
pub struct Value<'a, 't> {
    key: &'a str,
    value: &'a DeValue<'t>,
    /// Where the value is.
    pub span: Range<usize>,
}

impl<'a, 't> Table<'a, 't> {
    /// Starts to read `table`, which is at `span`.
    pub fn new(table: &'a DeTable<'t>, span: Range<usize>, what: &'static str) -> Self {
        Self {
            table,
            span,
            what,
            known: Vec::new(),
        }
    }

    /// The value of `key`, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<Value<'a, 't>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key).map(|value| Value {
            key,
            value: value.get_ref(),
            span: value.span(),
        })
    }

    /// The value of `key`, which must be there.
    pub fn require(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Value<'a, 't>> {
        let value = self.get(key);
        if value.is_none() {
            problems.add(&self.span, format!("{} has no `{key}`", self.what));
        }
        value
    }

    /// All values with their keys, whatever these are.
    pub fn entries(self) -> impl Iterator<Item = Value<'a, 't>> {
        self.table.iter().map(|(key, value)| Value {
            key: key.get_ref(),
            value: value.get_ref(),
            span: value.span(),
        })
    }

    /// Ends the reading: keys that nobody asked for are problems.
    pub fn finish(self, problems: &mut Problems<'_>) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.known.contains(&name) {
                problems.add_with_hint(
                    &key.span(),
                    format!("unknown key `{name}` in {}", self.what),
                    Some(meant(name, &self.known)),
                );
            }
        }
    }
}

/// What was meant by the key `name`, or else what there is.
pub fn meant(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or_else(
        || format!("the keys here are {}", known.join(", ")),
        |key| format!("did you mean `{key}`?"),
    )
}

/// The one of `known` that `name` is most like, if it is like one, whatever its case and whatever is between
/// its words.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let name = plain(name);
    known
        .iter()
        .map(|key| (strsim::jaro_winkler(&name, &plain(key)), *key))
        .filter(|&(alike, _)| alike >= ALIKE)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, key)| key)
}

impl<'a, 't> Value<'a, 't> {
    /// The key that it is the value of.
    pub fn key(&self) -> &'a str {
        self.key
    }

    fn wrong_type(&self, wanted: &str, problems: &mut Problems<'_>) {
        let found = self.value.type_str();
        let article = if matches!(found, "array" | "integer") {
            "an"
        } else {
            "a"
        };
        problems.add(
            &self.span,
            format!("`{}` must be {wanted}, not {article} {found}", self.key),
        );
    }

    /// Text.
    pub fn string(&self, problems: &mut Problems<'_>) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type("a string", problems);
        }
        text
    }

    /// One of these words; the number of it.
    pub fn word(&self, words: &[&'static str], problems: &mut Problems<'_>) -> Option<usize> {
        let text = self.string(problems)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            problems.add_with_hint(
                &self.span,
                format!("`{}` is one of {}, not {text:?}", self.key, all.join(", ")),
                nearest(text, words).map(|word| format!("did you mean {word:?}?")),
            );
        }
        found
    }

    /// True or false.
    pub fn boolean(&self, problems: &mut Problems<'_>) -> Option<bool> {
        let boolean = self.value.as_bool();
        if boolean.is_none() {
            self.wrong_type("a boolean", problems);
        }
        boolean
    }

    /// A number of `range`.
    pub fn integer(&self, range: Range<u64>, problems: &mut Problems<'_>) -> Option<u64> {
        let Some(integer) = self.value.as_integer() else {
            self.wrong_type("an integer", problems);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            problems.add(
                &self.span,
                format!(
                    "`{}` must be from {} to {}, not {integer}",
                    self.key,
                    range.start,
                    range.end - 1
                ),
            );
        }
        number
    }

    /// A number, which may be negative.
    pub fn number(&self, problems: &mut Problems<'_>) -> Option<i128> {
        let number = self
            .value
            .as_integer()
            .and_then(|integer| i128::from_str_radix(integer.as_str(), integer.radix()).ok());
        if number.is_none() {
            self.wrong_type("an integer", problems);
        }
        number
    }

    /// Whether it is text.
    pub fn is_string(&self) -> bool {
        self.value.is_str()
    }

    /// Whether it is `true` or `false`.
    pub fn is_boolean(&self) -> bool {
        self.value.is_bool()
    }

    /// A table.
    pub fn table(self, what: &'static str, problems: &mut Problems<'_>) -> Option<Table<'a, 't>> {
        let table = self.value.as_table();
        if table.is_none() {
            self.wrong_type("a table", problems);
        }
        Some(Table::new(table?, self.span, what))
    }

    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// A list of tables, `[[…]]`.
    pub fn tables(&self, what: &'static str, problems: &mut Problems<'_>) -> Vec<Table<'a, 't>> {
        let Some(list) = self.value.as_array() else {
            self.wrong_type(&format!("a list of tables, [[{}]]", self.key), problems);
            return Vec::new();
        };
        list.iter()
            .filter_map(|item| self.element(item).table(what, problems))
            .collect()
    }

    /// A list of texts, each with its place.
    pub fn strings(
        &self,
        wanted: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<(&'a str, Range<usize>)>> {
        let Some(list) = self.value.as_array() else {
            self.wrong_type(wanted, problems);
            return None;
        };
        let mut strings = Vec::new();
        for item in list.iter() {
            strings.push((self.element(item).string(problems)?, item.span()));
        }
        Some(strings)
    }

    /// A list of numbers of `range`.
    pub fn integers(
        &self,
        wanted: &str,
        range: Range<u64>,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<u64>> {
        let Some(list) = self.value.as_array() else {
            self.wrong_type(wanted, problems);
            return None;
        };
        list.iter()
            .map(|item| self.element(item).integer(range.clone(), problems))
            .collect()
    }

    fn element(&self, item: &'a Spanned<DeValue<'t>>) -> Value<'a, 't> {
        Value {
            key: self.key,
            value: item.get_ref(),
            span: item.span(),
        }
    }
}
