//! From bytes to named values. Pure: it looks at nothing but the message and the specification.
//!
//! What the specification does not know is kept: an attribute under its number, a value of an enumeration
//! as `Unknown(7)`. What contradicts the specification, such as a u32 of 3 bytes, is an error.

mod collect;
mod error;
mod number;
mod raw;

use crate::shown;
use crate::spec::{
    Attribute, AttributeSet, Binary, Element, Format, Kind, MemberKind, Operation, SetId, Spec,
    StructId, SubMessageId,
};
use crate::value::{Entry, Map, Name, Value};
use collect::{Seen, add};
pub use error::{Cause, DecodeError};
use raw::{Raw, first, raw};

/// How deep attributes may be within each other.
pub(crate) const DEPTH_MAX: usize = 32;

/// Attributes that there is room for at first.
const USUAL: usize = 8;

/// Decodes what follows the generic netlink header of a message of `operation`, which is one of `spec`.
///
/// The members of a fixed header come after the attributes, and in the place of one with the same name.
///
/// # Errors
///
/// The first attribute that is not what the specification says.
pub fn decode<'a>(
    spec: &'a Spec,
    operation: &'a Operation,
    payload: &'a [u8],
) -> Result<Map<'a>, DecodeError> {
    let decoder = Decoder { spec };
    let (header, attributes) = decoder.header(operation.header, payload)?;
    let mut map = decoder.attributes(attributes, operation.set, Place::default())?;
    for Entry { name, value } in header.entries {
        map.set(name, value);
    }
    Ok(map)
}

/// Where attributes are.
#[derive(Clone, Copy, Default)]
struct Place<'p> {
    depth: usize,
    /// The attributes around, for selectors.
    outer: Option<&'p Scope<'p>>,
}

/// Attributes that are being decoded, and those around them.
struct Scope<'p> {
    set: &'p AttributeSet,
    values: &'p Map<'p>,
    outer: Option<&'p Scope<'p>>,
}

impl Scope<'_> {
    /// The value of the attribute of that name, in the innermost set that has one.
    fn text(&self, name: &str) -> Option<&str> {
        if self.set.by_name(name).is_some() {
            return self.values.get(name)?.as_text();
        }
        self.outer?.text(name)
    }
}

struct Decoder<'a> {
    spec: &'a Spec,
}

type Decoded<'a> = Result<Value<'a>, DecodeError>;

impl<'a> Decoder<'a> {
    fn attributes(
        &self,
        bytes: &'a [u8],
        set: Option<SetId>,
        place: Place<'_>,
    ) -> Result<Map<'a>, DecodeError> {
        if place.depth > DEPTH_MAX {
            return Err(Cause::Depth.into());
        }
        let set = set.and_then(|set| self.spec.set(set));
        let mut map = Map {
            entries: Vec::with_capacity(USUAL.min(bytes.len() / 4)),
        };
        let mut seen = Seen::default();
        for raw in raw(bytes) {
            let raw = raw?;
            match set.and_then(|set| Some((set, set.by_number(raw.number)?))) {
                None => self.add_unknown(&mut map, &raw, place.depth),
                Some((set, attribute)) => {
                    let value = self.attribute(attribute, &raw, set, &map, place);
                    let value = value.map_err(|mut error| {
                        error.path.insert(0, attribute.name.clone());
                        error
                    })?;
                    if let Some(value) = value {
                        let is_first = seen.is_first(raw.number) && !set.has_namesakes;
                        add(&mut map, attribute, value, is_first);
                    }
                }
            }
        }
        Ok(map)
    }

    /// Keeps an attribute that the specification does not know. Several with one number are a list.
    fn add_unknown(&self, map: &mut Map<'a>, raw: &Raw<'a>, depth: usize) {
        let place = Place {
            depth: depth + 1,
            outer: None,
        };
        // What says of itself that it is attributes, and is none, is kept as bytes.
        let nested = raw
            .is_nest
            .then(|| self.attributes(raw.value, None, place).ok())
            .flatten();
        let value = nested.map_or(Value::Bytes(raw.value), Value::Map);
        let name = Name::Unknown(raw.number);
        match map.entries.iter_mut().find(|entry| entry.name == name) {
            None => map.entries.push(Entry { name, value }),
            Some(entry) => match &mut entry.value {
                Value::List(list) => list.push(value),
                first => {
                    let first_value = std::mem::replace(first, Value::Flag);
                    *first = Value::List(vec![first_value, value]);
                }
            },
        }
    }

    /// The value of an attribute; `None` where it says nothing.
    fn attribute(
        &self,
        attribute: &'a Attribute,
        raw: &Raw<'a>,
        set: &'a AttributeSet,
        values: &Map<'a>,
        place: Place<'_>,
    ) -> Result<Option<Value<'a>>, DecodeError> {
        let bytes = raw.value;
        let scope = Scope {
            set,
            values,
            outer: place.outer,
        };
        let inner = Place {
            depth: place.depth + 1,
            outer: Some(&scope),
        };
        let value = match &attribute.kind {
            Kind::Pad => return Ok(None),
            Kind::Unused => Value::Bytes(bytes),
            Kind::Flag => Value::Flag,
            Kind::Number(number) => self.number(*number, bytes)?,
            Kind::Text => shown::text(bytes),
            Kind::Binary(binary) => self.binary(*binary, bytes)?,
            Kind::Bitfield32(meaning) => self.bitfield32(*meaning, bytes)?,
            Kind::Nest(set) => Value::Map(self.attributes(bytes, Some(*set), inner)?),
            Kind::IndexedArray(element) => self.array(*element, bytes, inner)?,
            Kind::NestTypeValue { names, set } => self.type_value(names, *set, bytes, inner)?,
            Kind::SubMessage { formats, selector } => {
                match self.format(*formats, scope.text(selector)) {
                    Some(format) => self.sub_message(format, bytes, inner)?,
                    None => Value::Bytes(bytes),
                }
            }
        };
        Ok(Some(value))
    }

    fn array(&self, element: Element, bytes: &'a [u8], place: Place<'_>) -> Decoded<'a> {
        let mut list = Vec::new();
        for raw in raw(bytes) {
            let raw = raw?;
            list.push(match element {
                Element::Nest(set) => Value::Map(Map {
                    entries: vec![Entry {
                        name: Name::Index(raw.number),
                        value: Value::Map(self.attributes(raw.value, Some(set), place)?),
                    }],
                }),
                Element::Binary(hint) => shown::bytes(hint, raw.value),
                Element::Number(number) => self.number(number, raw.value)?,
                Element::Text => shown::text(raw.value),
            });
        }
        Ok(Value::List(list))
    }

    fn type_value(
        &self,
        names: &'a [String],
        set: SetId,
        bytes: &'a [u8],
        place: Place<'_>,
    ) -> Decoded<'a> {
        let mut map = Map::default();
        let mut inner = bytes;
        for name in names {
            let (raw, _) = first(inner).ok_or(Cause::Layout(inner.len()))?;
            map.set(Name::Known(name), Value::Unsigned(raw.number.into()));
            inner = raw.value;
        }
        for Entry { name, value } in self.attributes(inner, Some(set), place)?.entries {
            map.set(name, value);
        }
        Ok(Value::Map(map))
    }

    fn format(&self, formats: SubMessageId, selector: Option<&str>) -> Option<Format> {
        let message = self.spec.sub_message(formats)?;
        message.formats.get(selector?).copied()
    }

    fn sub_message(&self, format: Format, bytes: &'a [u8], place: Place<'_>) -> Decoded<'a> {
        let (mut map, rest) = self.header(format.header, bytes)?;
        if format.set.is_some() {
            for Entry { name, value } in self.attributes(rest, format.set, place)?.entries {
                map.set(name, value);
            }
        }
        Ok(Value::Map(map))
    }

    /// The structure before attributes, and what follows it.
    fn header(
        &self,
        header: Option<StructId>,
        bytes: &'a [u8],
    ) -> Result<(Map<'a>, &'a [u8]), DecodeError> {
        let Some((id, structure)) = header.and_then(|id| Some((id, self.spec.structure(id)?)))
        else {
            return Ok((Map::default(), bytes));
        };
        let map = self.structure(id, bytes)?;
        Ok((map, bytes.get(structure.size..).unwrap_or_default()))
    }

    fn binary(&self, binary: Binary, bytes: &'a [u8]) -> Decoded<'a> {
        match binary {
            Binary::Plain(hint) => Ok(shown::bytes(hint, bytes)),
            Binary::Struct(id) => Ok(Value::Map(self.structure(id, bytes)?)),
            Binary::Array(number) => self.numbers(number, bytes),
        }
    }

    /// The members of a structure. More bytes than it has are from a newer kernel, and left out.
    fn structure(&self, id: StructId, bytes: &'a [u8]) -> Result<Map<'a>, DecodeError> {
        let mut map = Map::default();
        let Some(structure) = self.spec.structure(id) else {
            return Ok(map);
        };
        let short = Cause::Short {
            expected: structure.size,
            found: bytes.len(),
        };
        let mut rest = bytes.get(..structure.size).ok_or(short)?;
        for member in &structure.members {
            let Some((value, after)) = rest.split_at_checked(member.size) else {
                break;
            };
            rest = after;
            let value = match member.kind {
                MemberKind::Pad => continue,
                MemberKind::Number(number) => self.number(number, value)?,
                MemberKind::Text => {
                    let end = value.iter().position(|&byte| byte == 0);
                    shown::lossy(&value[..end.unwrap_or(value.len())])
                }
                MemberKind::Bytes(hint) => shown::bytes(hint, value),
                MemberKind::Struct(id) => Value::Map(self.structure(id, value)?),
            };
            map.set(Name::Known(&member.name), value);
        }
        Ok(map)
    }
}
