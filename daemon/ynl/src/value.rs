//! What a message says.

use crate::shown;
use crate::spec::Hint;
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use std::borrow::Cow;
use std::fmt::Write as _;

/// A value. It borrows from the message and from the specification.
///
/// As JSON: numbers, texts and lists as such, maps as objects, bytes as hexadecimal digits, a flag as
/// `true`, names of bits in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number that is never negative.
    Unsigned(u64),
    /// A number that may be negative.
    Signed(i64),
    /// A number, and how it is shown: as JSON it is text.
    Shown(i128, Hint),
    /// Text, also of a number or of bytes that have a form for people.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A flag that is there.
    Flag,
    /// Name of a value, or `Unknown(7)`.
    Name(Cow<'a, str>),
    /// Names of the bits that are set, in alphabetical order.
    Names(Vec<Cow<'a, str>>),
    /// Values in their order.
    List(Vec<Value<'a>>),
    /// Named values.
    Map(Map<'a>),
}

/// Named values, in the order of the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map<'a> {
    /// The values; no two have the same name.
    pub entries: Vec<Entry<'a>>,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name.
    pub name: Name<'a>,
    /// The value.
    pub value: Value<'a>,
}

/// Name of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// A name of the specification.
    Known(&'a str),
    /// An attribute with this number that the specification does not know: `UnknownAttr(7)`.
    Unknown(u16),
    /// An element of an indexed array with this number.
    Index(u16),
}

impl Name<'_> {
    /// The name as text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Known(name) => Cow::Borrowed(name),
            Self::Unknown(number) => Cow::Owned(format!("UnknownAttr({number})")),
            Self::Index(number) => Cow::Owned(number.to_string()),
        }
    }
}

impl<'a> Map<'a> {
    /// The value with this name of the specification.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        let entry = |entry: &&Entry<'_>| matches!(entry.name, Name::Known(known) if known == name);
        Some(&self.entries.iter().find(entry)?.value)
    }

    /// Names a value, in the place of an earlier one with the same name.
    pub(crate) fn set(&mut self, name: Name<'a>, value: Value<'a>) {
        match self.entries.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => entry.value = value,
            None => self.entries.push(Entry { name, value }),
        }
    }
}

impl Value<'_> {
    /// The number, if it is one that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(number) => Some(number),
            Self::Signed(number) => u64::try_from(number).ok(),
            Self::Shown(number, _) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<i128> {
        match *self {
            Self::Unsigned(number) => Some(number.into()),
            Self::Signed(number) => Some(number.into()),
            Self::Shown(number, _) => Some(number),
            _ => None,
        }
    }

    /// The text or name, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Name(text) => Some(text),
            _ => None,
        }
    }

    /// The value as one text, if it is a number, a text, bytes, a flag or names, which have commas between
    /// them.
    #[must_use]
    pub fn shown(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Unsigned(number) => Cow::Owned(number.to_string()),
            Self::Signed(number) => Cow::Owned(number.to_string()),
            Self::Shown(number, hint) => Cow::Owned(shown::number(*hint, *number)),
            Self::Text(text) | Self::Name(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => Cow::Owned(hexadecimal(bytes, "")),
            Self::Flag => Cow::Borrowed("1"),
            Self::Names(names) => Cow::Owned(names.join(",")),
            Self::List(_) | Self::Map(_) => return None,
        })
    }

    /// The named values, if that is what it is.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map<'_>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }
}

/// Bytes as hexadecimal digits, with `between` between them.
pub(crate) fn hexadecimal(bytes: &[u8], between: &str) -> String {
    let mut digits = String::with_capacity(bytes.len() * (2 + between.len()));
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            digits.push_str(between);
        }
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Signed(number) => serializer.serialize_i64(*number),
            Self::Text(text) | Self::Name(text) => serializer.serialize_str(text),
            Self::Shown(number, hint) => serializer.serialize_str(&shown::number(*hint, *number)),
            Self::Bytes(bytes) => serializer.serialize_str(&hexadecimal(bytes, "")),
            Self::Flag => serializer.serialize_bool(true),
            Self::Names(names) => names.serialize(serializer),
            Self::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for value in list {
                    sequence.serialize_element(value)?;
                }
                sequence.end()
            }
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.entries.len()))?;
        for Entry { name, value } in &self.entries {
            object.serialize_entry(name.text().as_ref(), value)?;
        }
        object.end()
    }
}
