//! Netlink messages: taking datagrams apart and putting requests together.
//!
//! Headers and attributes come from the crate netlink-packet-core. The four bytes of the generic
//! netlink header are handled here, since netlink-packet-generic refuses whole messages of the
//! controller when a newer kernel adds an attribute that it does not know.

use crate::decode::DecodeError;
use crate::wire;
use netlink_packet_core::{DefaultNla, Emitable as _, NetlinkBuffer};

/// `NLMSG_ERROR`: an error, or an acknowledgement.
pub(crate) const TYPE_ERROR: u16 = 2;
/// `NLMSG_DONE`: the end of a dump.
pub(crate) const TYPE_DONE: u16 = 3;
/// Lowest type of a protocol's own messages (`NLMSG_MIN_TYPE`).
pub(crate) const TYPE_MIN: u16 = 0x10;
/// `NLM_F_REQUEST`.
pub(crate) const FLAG_REQUEST: u16 = 0x1;
/// `NLM_F_ACK`.
pub(crate) const FLAG_ACK: u16 = 0x4;
/// `NLM_F_DUMP`.
pub(crate) const FLAG_DUMP: u16 = 0x300;

/// Length of `struct nlmsghdr`, in bytes.
const HEADER_LEN: usize = 16;
/// Length of `struct genlmsghdr`, in bytes.
const GENL_HEADER_LEN: usize = 4;
/// Messages and attributes start at multiples of this.
const ALIGNMENT: usize = 4;

/// One message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Type: a family's number, or one of the types below [`TYPE_MIN`].
    pub kind: u16,
    /// Header flags.
    pub flags: u16,
    /// Sequence number of the request that this answers.
    pub sequence: u32,
    /// What follows the header.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// Command and attributes of a generic netlink message.
    pub fn generic(&self) -> Result<(u8, &'a [u8]), DecodeError> {
        match self.payload {
            [command, _version, _, _, attributes @ ..] => Ok((*command, attributes)),
            short => Err(DecodeError::Layout(format!(
                "a generic netlink header of {} bytes",
                short.len()
            ))),
        }
    }

    /// The code of an error or the end of a dump (negative or 0), and what follows it.
    ///
    /// A dump may end without a code, which is success.
    pub fn code(&self) -> Result<(i32, &'a [u8]), DecodeError> {
        match self.payload.split_first_chunk() {
            Some((code, rest)) => Ok((i32::from_ne_bytes(*code), rest)),
            None if self.payload.is_empty() && self.kind == TYPE_DONE => Ok((0, &[])),
            None => Err(DecodeError::Layout(format!(
                "an error code of {} bytes",
                self.payload.len()
            ))),
        }
    }
}

/// Takes a datagram apart. Ends after the first message that is malformed.
pub(crate) fn messages(datagram: &[u8]) -> impl Iterator<Item = Result<Message<'_>, DecodeError>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let buffer = match NetlinkBuffer::new_checked(rest) {
            Ok(buffer) => buffer,
            Err(error) => {
                rest = &[];
                return Some(Err(error.into()));
            }
        };
        let message = Message {
            kind: buffer.message_type(),
            flags: buffer.flags(),
            sequence: buffer.sequence_number(),
            payload: buffer.payload(),
        };
        let length = HEADER_LEN + message.payload.len();
        let next = length.next_multiple_of(ALIGNMENT).min(rest.len());
        rest = &rest[next..];
        Some(Ok(message))
    })
}

/// Puts a generic netlink request together. `kind` is the family's number.
pub(crate) fn request(
    kind: u16,
    flags: u16,
    sequence: u32,
    command: u8,
    attributes: &[DefaultNla],
) -> Vec<u8> {
    let headers = HEADER_LEN + GENL_HEADER_LEN;
    let mut bytes = vec![0; headers + attributes.buffer_len()];
    let length = u32::try_from(bytes.len()).expect("a request is a few dozen bytes");
    let mut header = NetlinkBuffer::new(&mut bytes);
    header.set_length(length);
    header.set_message_type(kind);
    header.set_flags(flags | FLAG_REQUEST);
    header.set_sequence_number(sequence);
    header.set_port_number(0);
    bytes[HEADER_LEN] = command;
    bytes[HEADER_LEN + 1] = wire::VERSION;
    attributes.emit(&mut bytes[headers..]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_reads_back() {
        let attributes = [
            DefaultNla::new(1, 7u32.to_ne_bytes().to_vec()),
            DefaultNla::new(2, b"odd".to_vec()),
        ];
        let mut bytes = request(0x21, FLAG_ACK, 5, 3, &attributes);
        let second = request(0x22, 0, 6, 4, &[]);
        bytes.extend(&second);
        let found: Vec<_> = messages(&bytes).map(Result::unwrap).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].kind, found[0].flags, found[0].sequence),
            (0x21, FLAG_ACK | FLAG_REQUEST, 5)
        );
        let (command, rest) = found[0].generic().unwrap();
        assert_eq!((command, rest.len()), (3, 16));
        assert_eq!(found[1].generic().unwrap(), (4, &[][..]));
    }

    #[test]
    fn garbage_ends_with_one_error() {
        for bytes in [
            &[0u8; 1][..],
            &[0; 15],
            &[0; 16],
            &[0xff; 64],
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let found: Vec<_> = messages(bytes).collect();
            assert!(
                matches!(found.as_slice(), [Err(DecodeError::Layout(_))]),
                "{found:?}"
            );
        }
        assert_eq!(messages(&[]).count(), 0);
    }

    #[test]
    fn end_of_dump_may_have_no_code() {
        let message = |kind, payload| Message {
            kind,
            flags: 0,
            sequence: 0,
            payload,
        };
        assert_eq!(message(TYPE_DONE, &[]).code().unwrap(), (0, &[][..]));
        assert_eq!(message(TYPE_ERROR, &[0xff; 4]).code().unwrap().0, -1);
        assert!(message(TYPE_ERROR, &[]).code().is_err());
        assert!(message(TYPE_DONE, &[0; 3]).code().is_err());
        assert!(message(0x21, &[1, 1]).generic().is_err());
    }
}
