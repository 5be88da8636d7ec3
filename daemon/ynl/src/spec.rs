//! A family as its specification describes it.
//!
//! Source: Documentation/netlink/genetlink-legacy.yaml and netlink-raw.yaml (for sub-messages) of the
//! kernel, and tools/net/ynl/pyynl/lib/nlspec.py for what the schema leaves open.

mod layout;

use crate::problem::{Problem, SpecError};
use crate::read;
pub use layout::{
    Binary, ByteOrder, Element, Enum, Format, Hint, Kind, Meaning, Member, MemberKind, Number,
    Size, Struct, SubMessage,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Name under which the kernel knows the family.
    pub name: String,
    /// Operations, in the order of the file.
    pub operations: Vec<Operation>,
    /// Names of the multicast groups. A family may have more than its specification names.
    pub groups: Vec<String>,
    pub(crate) sets: Vec<AttributeSet>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) sub_messages: Vec<SubMessage>,
    /// Index of the operation of each command byte that the kernel sends.
    pub(crate) from_kernel: BTreeMap<u8, usize>,
}

/// Names an attribute set of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetId(pub(crate) usize);
/// Names an enumeration or set of flags of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumId(pub(crate) usize);
/// Names a structure of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructId(pub(crate) usize);
/// Names a sub-message of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubMessageId(pub(crate) usize);

/// An operation: a kind of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Name.
    pub name: String,
    /// Command byte of messages to the kernel.
    pub request: Option<u8>,
    /// Command byte of messages of the kernel: answers and notifications.
    pub reply: Option<u8>,
    /// The set that its attributes belong to.
    pub set: Option<SetId>,
    /// The structure before the attributes.
    pub header: Option<StructId>,
    /// Whether the kernel sends it by itself.
    pub is_notification: bool,
    /// Multicast group that gets it, where the specification says so.
    pub group: Option<String>,
}

/// A set of attributes, whose numbers mean something only within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeSet {
    /// Name.
    pub name: String,
    /// Attributes, in the order of their numbers. No two have the same.
    pub attributes: Vec<Attribute>,
    /// Whether two have the same name, as in the kernel's devlink.yaml.
    pub has_namesakes: bool,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name.
    pub name: String,
    /// Number, the type field of the attribute's header, up to 16383.
    pub number: u16,
    /// Whether a message may have it more than once, so that its value is always a list.
    pub repeats: bool,
    /// Layout of the value.
    pub kind: Kind,
}

impl Spec {
    /// Longest specification that is read, in bytes. The kernel's longest has 70,000.
    pub const TEXT_MAX: usize = 1 << 20;

    /// Reads a specification.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the text. A syntax error hides what else is.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        read::spec(text)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], with the file's name; and when it cannot be read or is no text.
    pub fn load(file: &Path) -> Result<Self, SpecError> {
        let text = fs::read_to_string(file).map_err(|source| SpecError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|problems| SpecError::Wrong {
            file: file.to_owned(),
            problems,
        })
    }

    /// The operation whose messages the kernel sends with this command byte.
    #[must_use]
    pub fn from_kernel(&self, command: u8) -> Option<&Operation> {
        self.operations.get(*self.from_kernel.get(&command)?)
    }

    /// The operations whose messages the kernel sends, in the order of their command bytes.
    pub fn sent_by_kernel(&self) -> impl Iterator<Item = (u8, &Operation)> {
        let pairs = self.from_kernel.iter();
        pairs.filter_map(|(&command, &index)| Some((command, self.operations.get(index)?)))
    }

    /// The attribute set of that name here; `None` if it is one of another specification.
    #[must_use]
    pub fn set(&self, SetId(index): SetId) -> Option<&AttributeSet> {
        self.sets.get(index)
    }

    /// The enumeration of that name here.
    #[must_use]
    pub fn enumeration(&self, EnumId(index): EnumId) -> Option<&Enum> {
        self.enums.get(index)
    }

    /// The structure of that name here.
    #[must_use]
    pub fn structure(&self, StructId(index): StructId) -> Option<&Struct> {
        self.structs.get(index)
    }

    /// The sub-message of that name here.
    #[must_use]
    pub fn sub_message(&self, SubMessageId(index): SubMessageId) -> Option<&SubMessage> {
        self.sub_messages.get(index)
    }
}

impl AttributeSet {
    /// The attribute with this number.
    #[must_use]
    pub fn by_number(&self, number: u16) -> Option<&Attribute> {
        // Most sets count from 1 without a gap.
        let likely = self.attributes.get(usize::from(number).wrapping_sub(1));
        if let Some(attribute) = likely.filter(|attribute| attribute.number == number) {
            return Some(attribute);
        }
        let attributes = &self.attributes;
        let index = attributes.binary_search_by_key(&number, |attribute| attribute.number);
        attributes.get(index.ok()?)
    }

    /// The attribute of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }
}

impl Enum {
    /// Name of the entry with this value.
    #[must_use]
    pub fn name_of(&self, value: i64) -> Option<&str> {
        let entries = &self.entries;
        let index = entries.binary_search_by_key(&value, |&(value, _)| value);
        Some(entries.get(index.ok()?)?.1.as_str())
    }
}
