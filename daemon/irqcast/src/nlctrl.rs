//! The generic netlink controller: which families are there, and what comes and goes.
//!
//! Source: include/uapi/linux/genetlink.h and net/netlink/genetlink.c of the kernel.

use crate::decode::DecodeError;
use crate::error::Error;
use crate::requester::{Request, Requester, patiently};
use netlink_packet_core::{DefaultNla, NlasIterator, parse_string, parse_u16, parse_u32};
use nix::errno::Errno;

/// Number of the controller's own family, the only fixed one (`GENL_ID_CTRL`).
pub(crate) const FAMILY_ID: u16 = 0x10;
/// Name of the controller's own family.
pub(crate) const FAMILY: &str = "nlctrl";
/// Group of the controller that announces families.
pub(crate) const GROUP_NOTIFY: &str = "notify";

/// `CTRL_CMD_NEWFAMILY`, which also answers `CTRL_CMD_GETFAMILY`.
const COMMAND_NEW_FAMILY: u8 = 1;
/// `CTRL_CMD_DELFAMILY`.
const COMMAND_DEL_FAMILY: u8 = 2;
/// `CTRL_CMD_GETFAMILY`.
const COMMAND_GET_FAMILY: u8 = 3;
/// `CTRL_ATTR_FAMILY_ID`.
const ATTR_FAMILY_ID: u16 = 1;
/// `CTRL_ATTR_FAMILY_NAME`.
const ATTR_FAMILY_NAME: u16 = 2;
/// `CTRL_ATTR_MCAST_GROUPS`.
const ATTR_MCAST_GROUPS: u16 = 7;
/// `CTRL_ATTR_MCAST_GRP_NAME`, inside a group.
const ATTR_GROUP_NAME: u16 = 1;
/// `CTRL_ATTR_MCAST_GRP_ID`, inside a group.
const ATTR_GROUP_ID: u16 = 2;

/// A family as the controller tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Number: the type of its messages. Another one each time that the family is registered.
    pub id: u16,
    /// Name.
    pub name: String,
    /// Multicast groups: name and number.
    pub groups: Vec<(String, u32)>,
}

impl Family {
    /// Number of the multicast group of that name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups
            .iter()
            .find(|(group, _)| group == name)
            .map(|&(_, number)| number)
    }
}

/// What the controller announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A family was registered.
    Registered(Family),
    /// A family was unregistered; its groups are gone.
    Unregistered(Family),
}

/// Looks the family `name` up. `None` when it is not registered.
pub(crate) fn resolve(requester: &mut Requester, name: &str) -> Result<Option<Family>, Error> {
    let mut value = name.as_bytes().to_vec();
    value.push(0);
    let request = Request {
        action: "look up a generic netlink family",
        family: FAMILY_ID,
        command: COMMAND_GET_FAMILY,
        dump: false,
        attributes: &[DefaultNla::new(ATTR_FAMILY_NAME, value)],
        names: &[],
    };
    let mut family = None;
    let answered = patiently(|| {
        requester.request(request, |_, attributes| {
            family = Some(decode_family(attributes)?);
            Ok(())
        })
    });
    match answered {
        Ok(()) => Ok(family),
        Err(Error::Refused { error, .. }) if error.errno == Errno::ENOENT => Ok(None),
        Err(error) => Err(error),
    }
}

/// Decodes an announcement. `None` for those that are not about families coming or going.
pub(crate) fn decode_news(command: u8, attributes: &[u8]) -> Result<Option<News>, DecodeError> {
    match command {
        COMMAND_NEW_FAMILY => decode_family(attributes).map(News::Registered).map(Some),
        COMMAND_DEL_FAMILY => decode_family(attributes).map(News::Unregistered).map(Some),
        _ => Ok(None),
    }
}

fn decode_family(attributes: &[u8]) -> Result<Family, DecodeError> {
    let (mut id, mut name, mut groups) = (None, None, Vec::new());
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute?;
        match attribute.kind() {
            ATTR_FAMILY_ID => id = Some(parse_u16(attribute.value())?),
            ATTR_FAMILY_NAME => name = Some(parse_string(attribute.value())?),
            ATTR_MCAST_GROUPS => {
                for group in NlasIterator::new(attribute.value()) {
                    groups.push(decode_group(group?.value())?);
                }
            }
            _ => {}
        }
    }
    Ok(Family {
        id: id.ok_or(DecodeError::Missing("family-id"))?,
        name: name.ok_or(DecodeError::Missing("family-name"))?,
        groups,
    })
}

fn decode_group(attributes: &[u8]) -> Result<(String, u32), DecodeError> {
    let (mut id, mut name) = (None, None);
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute?;
        match attribute.kind() {
            ATTR_GROUP_NAME => name = Some(parse_string(attribute.value())?),
            ATTR_GROUP_ID => id = Some(parse_u32(attribute.value())?),
            _ => {}
        }
    }
    Ok((
        name.ok_or(DecodeError::Missing("mcast-grp-name"))?,
        id.ok_or(DecodeError::Missing("mcast-grp-id"))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::Emitable as _;

    fn emit(attributes: &[DefaultNla]) -> Vec<u8> {
        let mut bytes = vec![0; attributes.buffer_len()];
        attributes.emit(&mut bytes);
        bytes
    }

    fn family() -> Vec<u8> {
        let group = emit(&[
            DefaultNla::new(ATTR_GROUP_ID, 9u32.to_ne_bytes().to_vec()),
            DefaultNla::new(ATTR_GROUP_NAME, b"events\0".to_vec()),
            DefaultNla::new(77, vec![1, 2, 3]),
        ]);
        emit(&[
            DefaultNla::new(ATTR_FAMILY_NAME, b"irqcast\0".to_vec()),
            DefaultNla::new(ATTR_FAMILY_ID, 0x21u16.to_ne_bytes().to_vec()),
            DefaultNla::new(99, vec![0; 5]),
            DefaultNla::new(ATTR_MCAST_GROUPS, emit(&[DefaultNla::new(1, group)])),
        ])
    }

    #[test]
    fn family_and_groups_are_read_and_unknown_attributes_skipped() {
        let found = decode_family(&family()).unwrap();
        assert_eq!((found.id, found.name.as_str()), (0x21, "irqcast"));
        assert_eq!(found.group("events"), Some(9));
        assert_eq!(found.group("other"), None);
        let news = |command| decode_news(command, &family()).unwrap();
        assert_eq!(news(1), Some(News::Registered(found.clone())));
        assert_eq!(news(2), Some(News::Unregistered(found)));
        assert_eq!(news(7), None);
    }

    #[test]
    fn truncated_family_is_an_error() {
        let bytes = family();
        for length in 0..bytes.len() {
            // Cut between two attributes only what is optional is missing.
            if let Ok(found) = decode_family(&bytes[..length]) {
                assert!(found.groups.is_empty(), "cut at {length}");
            }
        }
        assert!(decode_family(&[]).is_err());
    }

    #[test]
    fn controller_of_this_kernel_is_found() {
        let mut requester = Requester::open().unwrap();
        let controller = resolve(&mut requester, FAMILY).unwrap().unwrap();
        assert_eq!(controller.id, FAMILY_ID);
        assert!(controller.group(GROUP_NOTIFY).is_some());
        assert_eq!(resolve(&mut requester, "no-such-family").unwrap(), None);
    }
}
