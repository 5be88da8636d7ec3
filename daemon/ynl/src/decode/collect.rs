//! Puts values together.

use crate::spec::Attribute;
use crate::value::{Entry, Map, Name, Value};

/// Tells which of the low numbers have been there, so that few names are compared.
#[derive(Default)]
pub struct Seen(u64);

impl Seen {
    /// Whether the number comes for the first time for certain.
    pub fn is_first(&mut self, number: u16) -> bool {
        let Some(bit) = 1u64.checked_shl(number.into()) else {
            return false;
        };
        let is_first = self.0 & bit == 0;
        self.0 |= bit;
        is_first
    }
}

/// Adds a value, to the list where the attribute repeats. Otherwise the last counts.
pub fn add<'a>(map: &mut Map<'a>, attribute: &'a Attribute, value: Value<'a>, is_first: bool) {
    let name = Name::Known(&attribute.name);
    if is_first && !attribute.repeats {
        return map.entries.push(Entry { name, value });
    }
    if !attribute.repeats {
        return map.set(name, value);
    }
    match map.entries.iter_mut().find(|entry| entry.name == name) {
        Some(entry) => {
            if let Value::List(list) = &mut entry.value {
                list.push(value);
            }
        }
        None => {
            let value = Value::List(vec![value]);
            map.entries.push(Entry { name, value });
        }
    }
}
