//! Numbers, and what they stand for.

use super::{Cause, Decoded, Decoder};
use crate::spec::{ByteOrder, EnumId, Hint, Meaning, Number, Size};
use crate::value::{Entry, Map, Name, Value};
use std::borrow::Cow;

impl<'a> Decoder<'a> {
    pub(super) fn number(&self, number: Number, bytes: &'a [u8]) -> Decoded<'a> {
        let size = match number.size {
            Size::Bytes(size) => size,
            Size::Auto if matches!(bytes.len(), 4 | 8) => bytes.len(),
            Size::Auto => return Err(length("4 or 8", bytes).into()),
        };
        let value = raw(bytes, size, number.order).ok_or_else(|| length(expected(size), bytes))?;
        Ok(self.meaning(number, size, value))
    }

    /// Numbers one after the other.
    pub(super) fn numbers(&self, number: Number, bytes: &'a [u8]) -> Decoded<'a> {
        let size = match number.size {
            Size::Bytes(size) => size.max(1),
            Size::Auto => 4,
        };
        // As for the kernel's own client, the order of an array's bytes is always the machine's.
        let native = |bytes| raw(bytes, size, ByteOrder::Native);
        let chunks = bytes.chunks(size);
        let list: Option<Vec<_>> = chunks
            .map(|chunk| Some(self.meaning(number, size, native(chunk)?)))
            .collect();
        Ok(Value::List(list.ok_or_else(|| {
            length("a multiple of an element's", bytes)
        })?))
    }

    pub(super) fn bitfield32(&self, meaning: Meaning, bytes: &'a [u8]) -> Decoded<'a> {
        let whole = bytes.len() == 8;
        let word = |at: usize| raw(bytes.get(at..at + 4)?, 4, ByteOrder::Native);
        let (Some(value), Some(selector)) = (word(0), word(4).filter(|_| whole)) else {
            return Err(length("8", bytes).into());
        };
        let number = Number {
            size: Size::Bytes(4),
            signed: false,
            order: ByteOrder::Native,
            meaning,
        };
        let entry = |name, value| Entry {
            name: Name::Known(name),
            value: self.meaning(number, 4, value),
        };
        Ok(Value::Map(Map {
            entries: vec![entry("value", value), entry("selector", selector)],
        }))
    }

    /// What a number of `size` bytes stands for, whose bits are `value`.
    fn meaning(&self, number: Number, size: usize, value: u64) -> Value<'a> {
        let spare = 64 - 8 * size.clamp(1, 8) as u32;
        let negative = (value << spare).cast_signed() >> spare;
        let plain = match number.signed {
            true => Value::Signed(negative),
            false => Value::Unsigned(value),
        };
        match number.meaning {
            Meaning::Plain => plain,
            Meaning::Enum(id) => {
                let value = match number.signed {
                    true => Some(negative),
                    false => i64::try_from(value).ok(),
                };
                Value::Name(self.name(id, value, &plain))
            }
            Meaning::Flags(id) => {
                let bits = (0..64i64).filter(|bit| value >> bit & 1 == 1);
                let mut names: Vec<_> = bits
                    .map(|bit| self.name(id, Some(bit), &Value::Signed(bit)))
                    .collect();
                names.sort_unstable();
                names.dedup();
                Value::Names(names)
            }
            // A number of hardware's or a UUID's form has no such form.
            Meaning::Shown(hint @ (Hint::Hex | Hint::Ip)) => {
                Value::Shown(plain.as_number().unwrap_or_default(), hint)
            }
            Meaning::Shown(_) => plain,
        }
    }

    fn name(&self, id: EnumId, value: Option<i64>, plain: &Value<'_>) -> Cow<'a, str> {
        let found = self.spec.enumeration(id).zip(value);
        match found.and_then(|(definition, value)| definition.name_of(value)) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!(
                "Unknown({})",
                plain.as_number().unwrap_or_default()
            )),
        }
    }
}

fn length(expected: &'static str, bytes: &[u8]) -> Cause {
    Cause::Length {
        expected,
        found: bytes.len(),
    }
}

fn expected(size: usize) -> &'static str {
    match size {
        1 => "1",
        2 => "2",
        4 => "4",
        _ => "8",
    }
}

/// The bits of a number of exactly `size` bytes: 1, 2, 4 or 8.
fn raw(bytes: &[u8], size: usize, order: ByteOrder) -> Option<u64> {
    if bytes.len() != size {
        return None;
    }
    macro_rules! number {
        ($type:ty) => {{
            let bytes = bytes.try_into().ok()?;
            u64::from(match order {
                ByteOrder::Native => <$type>::from_ne_bytes(bytes),
                ByteOrder::Big => <$type>::from_be_bytes(bytes),
                ByteOrder::Little => <$type>::from_le_bytes(bytes),
            })
        }};
    }
    Some(match size {
        1 => u64::from(*bytes.first()?),
        2 => number!(u16),
        4 => number!(u32),
        8 => number!(u64),
        _ => return None,
    })
}
