//! Layouts of values.

use super::{EnumId, SetId, StructId, SubMessageId};
use std::collections::BTreeMap;

/// Layout of an attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number without an attribute.
    Unused,
    /// No value: makes the next one aligned.
    Pad,
    /// No value: being there is what it says.
    Flag,
    /// A number.
    Number(Number),
    /// Text that ends in a NUL byte.
    Text,
    /// Bytes.
    Binary(Binary),
    /// Two u32: bits, and which of them are meant.
    Bitfield32(Meaning),
    /// Attributes of this set.
    Nest(SetId),
    /// A list of attributes, whose numbers count and mean nothing.
    IndexedArray(Element),
    /// Attributes within attributes whose numbers are values with these names.
    NestTypeValue {
        /// Names of the values, from the outermost.
        names: Vec<String>,
        /// The set of the innermost attributes.
        set: SetId,
    },
    /// A layout that the value of another attribute decides.
    SubMessage {
        /// The layouts.
        formats: SubMessageId,
        /// Name of the attribute that decides.
        selector: String,
    },
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// How long it is.
    pub size: Size,
    /// Whether it may be negative.
    pub signed: bool,
    /// Order of its bytes.
    pub order: ByteOrder,
    /// What it stands for.
    pub meaning: Meaning,
}

/// Length of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// This many bytes: 1, 2, 4 or 8.
    Bytes(usize),
    /// 4 or 8 bytes, as the number needs.
    Auto,
}

/// Order of a number's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The machine's.
    Native,
    /// Most significant byte first.
    Big,
    /// Least significant byte first.
    Little,
}

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// For itself.
    Plain,
    /// For the entry of this value.
    Enum(EnumId),
    /// Each of its bits for the entry whose value is the bit's number.
    Flags(EnumId),
    /// For what this shows.
    Shown(Hint),
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Hexadecimal digits.
    Hex,
    /// A hardware address, such as `52:54:00:12:34:56`.
    Mac,
    /// A hardware address of FDDI. Shown as bytes are that have no hint.
    Fddi,
    /// An IP address, of version 4 or 6 as its length says.
    Ip,
    /// A UUID.
    Uuid,
}

/// Layout of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// None.
    Plain(Option<Hint>),
    /// A structure, perhaps with more behind it that a newer kernel added.
    Struct(StructId),
    /// Numbers one after the other.
    Array(Number),
}

/// An element of an indexed array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Attributes of this set.
    Nest(SetId),
    /// Bytes.
    Binary(Option<Hint>),
    /// A number.
    Number(Number),
    /// Text that ends in a NUL byte.
    Text,
}

/// An enumeration, or names of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    /// Name.
    pub name: String,
    /// Whether the entries name bits by their numbers.
    pub is_flags: bool,
    /// Value and name of each entry, in the order of the values. No two have the same.
    pub entries: Vec<(i64, String)>,
}

/// A structure as a C compiler lays it out when it needs no padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// Name.
    pub name: String,
    /// Members, in their order.
    pub members: Vec<Member>,
    /// Length in bytes, at least 1 and at most 65536.
    pub size: usize,
}

/// A member of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name.
    pub name: String,
    /// Length in bytes, at least 1.
    pub size: usize,
    /// Layout.
    pub kind: MemberKind,
}

/// Layout of a structure's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// Nothing.
    Pad,
    /// A number.
    Number(Number),
    /// Text up to a NUL byte or the member's end.
    Text,
    /// Bytes.
    Bytes(Option<Hint>),
    /// A structure.
    Struct(StructId),
}

/// A set of layouts, one of which another attribute's value chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubMessage {
    /// Name.
    pub name: String,
    /// The layout for each value of the attribute that decides.
    pub formats: BTreeMap<String, Format>,
}

/// One layout of a sub-message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The structure before the attributes.
    pub header: Option<StructId>,
    /// The set that its attributes belong to.
    pub set: Option<SetId>,
}
