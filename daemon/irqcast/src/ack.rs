//! Extended acknowledgements: what the kernel says about a request that it refused.
//!
//! Source: include/uapi/linux/netlink.h, enum `nlmsgerr_attrs`.

use crate::wire::{Attribute, attribute_name};
use netlink_packet_core::{NLA_HEADER_SIZE, NlaBuffer, NlasIterator, parse_string, parse_u32};
use nix::errno::Errno;
use std::fmt;

/// `NLM_F_CAPPED`: the answer repeats only the header of the request.
const FLAG_CAPPED: u16 = 0x100;
/// `NLM_F_ACK_TLVS`: attributes follow.
const FLAG_ACK_TLVS: u16 = 0x200;
/// Length of `struct nlmsghdr`, in bytes.
const HEADER_LEN: usize = 16;
/// `NLMSGERR_ATTR_MSG`: a sentence for people.
const ATTR_MSG: u16 = 1;
/// `NLMSGERR_ATTR_OFFS`: where in the request the attribute is that the kernel complains about.
const ATTR_OFFS: u16 = 2;
/// `NLMSGERR_ATTR_MISS_TYPE`: number of the attribute that the request lacks.
const ATTR_MISS_TYPE: u16 = 5;

/// The kernel's reason for refusing a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelError {
    /// The error number.
    pub errno: Errno,
    /// The kernel's own sentence about it, where there is one.
    pub message: Option<String>,
    /// Number of the attribute of the request that is wrong.
    pub attribute: Option<u16>,
    /// Number of the attribute that the request lacks.
    pub missing: Option<u16>,
    /// Names of the request's attributes, for the text.
    names: &'static [Attribute],
}

impl KernelError {
    /// Reads the answer to `request`, whose attributes are those of `names`. `flags` are the answer's
    /// header flags, `code` the error (negative or 0) and `rest` what follows it.
    ///
    /// Returns `None` for an acknowledgement, which is error 0. Parts of the extended acknowledgement
    /// that cannot be read are left out: the error number alone is an answer.
    pub(crate) fn parse(
        flags: u16,
        code: i32,
        rest: &[u8],
        request: &[u8],
        names: &'static [Attribute],
    ) -> Option<Self> {
        if code == 0 {
            return None;
        }
        let mut error = Self {
            errno: Errno::from_raw(code.saturating_neg()),
            message: None,
            attribute: None,
            missing: None,
            names,
        };
        if flags & FLAG_ACK_TLVS != 0 {
            let repeated = if flags & FLAG_CAPPED != 0 {
                HEADER_LEN
            } else {
                request.len()
            };
            error.read_attributes(rest.get(repeated..).unwrap_or_default(), request);
        }
        Some(error)
    }

    fn read_attributes(&mut self, attributes: &[u8], request: &[u8]) {
        for attribute in NlasIterator::new(attributes).map_while(Result::ok) {
            let value = attribute.value();
            match attribute.kind() {
                ATTR_MSG => self.message = parse_string(value).ok(),
                ATTR_OFFS => {
                    self.attribute = parse_u32(value)
                        .ok()
                        .and_then(|offset| attribute_at(request, offset));
                }
                ATTR_MISS_TYPE => {
                    self.missing = parse_u32(value)
                        .ok()
                        .and_then(|kind| u16::try_from(kind).ok());
                }
                _ => {}
            }
        }
    }

    fn name(&self, number: u16) -> String {
        attribute_name(self.names, number)
            .map_or_else(|| format!("number {number}"), |name| format!("{name:?}"))
    }
}

/// Number of the attribute whose header is at `offset` of `request`.
fn attribute_at(request: &[u8], offset: u32) -> Option<u16> {
    let start = usize::try_from(offset).ok()?;
    let header = request.get(start..start.checked_add(NLA_HEADER_SIZE)?)?;
    Some(NlaBuffer::new(header).kind())
}

impl fmt::Display for KernelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(formatter, "{message} ({:?})", self.errno)?,
            None => write!(formatter, "{} ({:?})", self.errno.desc(), self.errno)?,
        }
        if let Some(number) = self.attribute {
            write!(formatter, ", attribute {}", self.name(number))?;
        }
        if let Some(number) = self.missing {
            write!(formatter, ", attribute {} is missing", self.name(number))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::request;
    use netlink_packet_core::{DefaultNla, Emitable as _};

    /// A request of 20 bytes of headers and the attribute "bits".
    fn request_bytes() -> Vec<u8> {
        let mut bytes = vec![0; 20];
        bytes.extend(attribute(request::BITS, &0u32.to_ne_bytes()));
        bytes
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let attribute = DefaultNla::new(kind, value.to_vec());
        let mut bytes = vec![0; attribute.buffer_len()];
        attribute.emit(&mut bytes);
        bytes
    }

    fn parse(flags: u16, code: i32, rest: &[u8]) -> Option<KernelError> {
        KernelError::parse(flags, code, rest, &request_bytes(), request::ALL)
    }

    #[test]
    fn acknowledgement_is_no_error() {
        assert_eq!(parse(FLAG_CAPPED, 0, &[0; HEADER_LEN]), None);
    }

    #[test]
    fn message_and_attribute_are_told() {
        let mut rest = vec![0; HEADER_LEN];
        rest.extend(attribute(ATTR_MSG, b"integer out of range\0"));
        rest.extend(attribute(ATTR_OFFS, &20u32.to_ne_bytes()));
        let error = parse(FLAG_CAPPED | FLAG_ACK_TLVS, -34, &rest).expect("an error");
        assert_eq!(error.errno, Errno::ERANGE);
        assert_eq!(error.attribute, Some(request::BITS));
        assert_eq!(
            error.to_string(),
            "integer out of range (ERANGE), attribute \"bits\""
        );
    }

    #[test]
    fn missing_attribute_is_told() {
        // Without NLM_F_CAPPED the kernel repeats the whole request first.
        let mut rest = request_bytes();
        rest.extend(attribute(ATTR_MISS_TYPE, &1u32.to_ne_bytes()));
        let error = parse(FLAG_ACK_TLVS, -22, &rest).expect("an error");
        assert_eq!(
            error.to_string(),
            "Invalid argument (EINVAL), attribute \"device\" is missing"
        );
    }

    #[test]
    fn garbage_leaves_the_error_number() {
        for rest in [
            &[][..],
            &[0; 3],
            &[0xff; 40],
            &[0; HEADER_LEN],
            &[1; HEADER_LEN + 5],
        ] {
            for flags in [0, FLAG_CAPPED, FLAG_ACK_TLVS, FLAG_CAPPED | FLAG_ACK_TLVS] {
                let error = parse(flags, -16, rest).expect("an error");
                assert_eq!(error.to_string(), "Device or resource busy (EBUSY)");
            }
        }
        assert!(parse(0, i32::MIN, &[]).is_some());
    }

    #[test]
    fn offset_outside_the_request_is_ignored() {
        for offset in [0u32, 25, 1000, u32::MAX] {
            let mut rest = vec![0; HEADER_LEN];
            rest.extend(attribute(ATTR_OFFS, &offset.to_ne_bytes()));
            let error = parse(FLAG_CAPPED | FLAG_ACK_TLVS, -22, &rest).expect("an error");
            assert!(error.attribute.is_none() || offset == 0);
        }
    }
}
