//! Attributes as bytes.
//!
//! Taken apart here and not by netlink-packet-core, whose attributes lend their values for as long only as
//! they live themselves, so that each text would have to be copied.

use super::error::Cause;

/// Length of an attribute's header, in bytes.
const HEADER: usize = 4;

/// The two bits of an attribute's type that are no part of its number (`NLA_TYPE_MASK`).
const FLAGS: u16 = 0xc000;

/// The one of them that says that the value is attributes (`NLA_F_NESTED`).
const NESTED: u16 = 0x8000;

/// One attribute of a message.
pub struct Raw<'a> {
    /// Its number.
    pub number: u16,
    /// Whether it says of itself that its value is attributes.
    pub is_nest: bool,
    /// Its value.
    pub value: &'a [u8],
}

/// Takes attributes apart. Ends after the first that does not fit.
pub fn raw(bytes: &[u8]) -> impl Iterator<Item = Result<Raw<'_>, Cause>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let left = rest.len();
        let Some((raw, next)) = first(rest) else {
            rest = &[];
            return Some(Err(Cause::Layout(left)));
        };
        rest = next;
        Some(Ok(raw))
    })
}

/// The first attribute, and what follows it.
pub fn first(bytes: &[u8]) -> Option<(Raw<'_>, &[u8])> {
    let (&[l0, l1, t0, t1], _) = bytes.split_first_chunk::<HEADER>()?;
    let length = usize::from(u16::from_ne_bytes([l0, l1]));
    let kind = u16::from_ne_bytes([t0, t1]);
    let raw = Raw {
        number: kind & !FLAGS,
        is_nest: kind & NESTED != 0,
        value: bytes.get(HEADER..length)?,
    };
    // The last one may lack its padding.
    let next = length.next_multiple_of(HEADER).min(bytes.len());
    Some((raw, &bytes[next..]))
}
