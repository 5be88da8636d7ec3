//! Values in the form that a hint asks for. What does not fit the hint stays as it is.

use crate::spec::Hint;
use crate::value::{Value, hexadecimal};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes.
pub fn bytes(hint: Option<Hint>, bytes: &[u8]) -> Value<'_> {
    let shown = match hint {
        Some(Hint::Hex) => Some(hexadecimal(bytes, " ")),
        Some(Hint::Mac) => Some(hexadecimal(bytes, ":")),
        Some(Hint::Ip) => ip(bytes).map(|address| address.to_string()),
        Some(Hint::Uuid) => uuid(bytes),
        Some(Hint::Fddi) | None => None,
    };
    shown.map_or(Value::Bytes(bytes), |text| Value::Text(text.into()))
}

/// A number.
pub fn number(hint: Hint, number: i128) -> String {
    match hint {
        Hint::Hex if number < 0 => format!("-{:#x}", number.unsigned_abs()),
        Hint::Hex => format!("{number:#x}"),
        // The kernel's own client tells the version by the number.
        Hint::Ip => match (u32::try_from(number), u128::try_from(number)) {
            (Ok(number), _) => Ipv4Addr::from_bits(number).to_string(),
            (_, Ok(number)) => Ipv6Addr::from_bits(number).to_string(),
            _ => number.to_string(),
        },
        Hint::Mac | Hint::Fddi | Hint::Uuid => number.to_string(),
    }
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let version_4 = bytes.try_into().map(|bytes: [u8; 4]| bytes.into());
    let version_6 = bytes.try_into().map(|bytes: [u8; 16]| bytes.into());
    version_4.or(version_6).ok()
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let parts = [
        &bytes[..4],
        &bytes[4..6],
        &bytes[6..8],
        &bytes[8..10],
        &bytes[10..],
    ];
    Some(parts.map(|part| hexadecimal(part, "")).join("-"))
}

/// Text up to the NUL byte at its end.
pub fn text(bytes: &[u8]) -> Value<'_> {
    lossy(bytes.strip_suffix(&[0]).unwrap_or(bytes))
}

/// Text. What is not UTF-8 is replaced.
pub fn lossy(bytes: &[u8]) -> Value<'_> {
    Value::Text(match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    })
}
