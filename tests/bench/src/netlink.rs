//! Just enough generic netlink to find a group, to join it and to read an event.

use std::os::fd::{AsFd, BorrowedFd};

use anyhow::{Context as _, Result, bail};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_GENERIC};
use nix::sys::socket::{setsockopt, sockopt};

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Length of both headers of a generic message.
const HEADERS: usize = HEADER + 4;
/// The controller's family and its request for another family (`CTRL_CMD_GETFAMILY`).
const CONTROLLER: u16 = 16;
const GET_FAMILY: u8 = 3;
/// Its attributes that are read: number, name, groups; and of each group number and name.
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
const FAMILY_GROUPS: u16 = 7;
const GROUP_NAME: u16 = 1;
const GROUP_ID: u16 = 2;

/// The queue that a listener asks for, as irqcast's own library does.
const QUEUE: usize = 8 * 1024 * 1024;

/// A family and its groups.
#[derive(Debug)]
pub struct Family {
    /// Number of the family.
    pub id: u16,
    groups: Vec<(String, u32)>,
}

impl Family {
    /// Asks the controller.
    pub fn find(name: &str) -> Result<Self> {
        let socket = bound()?;
        let name = [name.as_bytes(), &[0]].concat();
        let answer = request(
            &socket,
            CONTROLLER,
            GET_FAMILY,
            &attribute(FAMILY_NAME, &name),
        )?;
        let mut family = Self {
            id: 0,
            groups: Vec::new(),
        };
        for (kind, value) in attributes(answer.get(HEADERS..).unwrap_or_default()) {
            match kind {
                FAMILY_ID => family.id = u16_of(value),
                FAMILY_GROUPS => family.groups.extend(attributes(value).filter_map(group)),
                _ => {}
            }
        }
        Ok(family)
    }

    /// Number of the group of that name.
    pub fn group(&self, name: &str) -> Result<u32> {
        let found = self.groups.iter().find(|(group, _)| group == name);
        Ok(found
            .with_context(|| format!("the family has no group {name}"))?
            .1)
    }
}

fn group((_, value): (u16, &[u8])) -> Option<(String, u32)> {
    let (mut name, mut id) = (None, None);
    for (kind, value) in attributes(value) {
        match kind {
            GROUP_NAME => name = Some(String::from_utf8_lossy(value.strip_suffix(&[0])?).into()),
            GROUP_ID => id = Some(u32_of(value)),
            _ => {}
        }
    }
    Some((name?, id?))
}

/// A socket with the queue of a listener, connected to the kernel. That chooses its port ID.
pub fn bound() -> Result<Socket> {
    let mut socket = Socket::new(NETLINK_GENERIC).context("failed to open a netlink socket")?;
    socket
        .bind_auto()
        .context("failed to bind a netlink socket")?;
    socket
        .connect(&SocketAddr::new(0, 0))
        .context("failed to connect a netlink socket")?;
    setsockopt(&socket, sockopt::RcvBufForce, &QUEUE).context("failed to set the queue's size")?;
    Ok(socket)
}

/// A listener's socket that has joined a group.
pub fn joined(group: u32) -> Result<Socket> {
    let socket = bound()?;
    socket
        .add_membership(group)
        .context("failed to join a group")?;
    Ok(socket)
}

/// The same with the queue that every socket has.
pub fn joined_with_default_queue(group: u32) -> Result<Socket> {
    let mut socket = Socket::new(NETLINK_GENERIC).context("failed to open a netlink socket")?;
    socket
        .bind_auto()
        .context("failed to bind a netlink socket")?;
    socket
        .add_membership(group)
        .context("failed to join a group")?;
    Ok(socket)
}

/// Sends a request that wants an acknowledgement, and returns the first answer.
pub fn request(socket: &Socket, family: u16, command: u8, body: &[u8]) -> Result<Vec<u8>> {
    /// `NLM_F_REQUEST | NLM_F_ACK`.
    const FLAGS: u16 = 1 | 4;
    const ERROR: u16 = 2;
    let length = u32::try_from(HEADERS + body.len())?;
    let mut message = Vec::new();
    message.extend(length.to_ne_bytes());
    message.extend(family.to_ne_bytes());
    message.extend(FLAGS.to_ne_bytes());
    message.extend([0; 8]);
    message.extend([command, 1, 0, 0]);
    message.extend(body);
    socket
        .send_to(&message, &SocketAddr::new(0, 0), 0)
        .context("failed to send a request")?;
    let (answer, _) = socket.recv_from_full().context("failed to get an answer")?;
    let kind = u16_of(answer.get(4..6).unwrap_or_default());
    let code = u32_of(answer.get(HEADER..HEADERS).unwrap_or_default());
    if kind == ERROR && code != 0 {
        let error = std::io::Error::from_raw_os_error(code.cast_signed().wrapping_neg());
        bail!("the request {command} was refused: {error}");
    }
    Ok(answer)
}

/// One attribute with its padding.
pub fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
    let mut bytes = Vec::new();
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Takes attributes apart, up to the first that makes no sense.
pub fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_of(bytes.get(..2)?));
        // The upper two bits say how the value is to be read.
        let kind = u16_of(bytes.get(2..4)?) & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// Sequence number and time of the first event in a datagram: the attributes 3 and 4 of
/// driver/spec/irqcast.yaml.
pub fn event(datagram: &[u8]) -> Option<(u64, u64)> {
    let (mut seq, mut time) = (None, None);
    for (kind, value) in attributes(datagram.get(HEADERS..)?) {
        match kind {
            3 => seq = value.try_into().ok().map(u64::from_ne_bytes),
            4 => time = value.try_into().ok().map(u64::from_ne_bytes),
            _ => {}
        }
    }
    Some((seq?, time?))
}

/// The first attribute of that kind in a datagram, a number of 32 bits.
pub fn u32_attribute(datagram: &[u8], wanted: u16) -> Option<u32> {
    let (_, value) = attributes(datagram.get(HEADERS..)?).find(|(kind, _)| *kind == wanted)?;
    value.try_into().ok().map(u32::from_ne_bytes)
}

fn u16_of(value: &[u8]) -> u16 {
    value.try_into().map_or(0, u16::from_ne_bytes)
}

fn u32_of(value: &[u8]) -> u32 {
    value.try_into().map_or(0, u32::from_ne_bytes)
}

/// The file descriptor of a socket, for waiting.
pub fn fd(socket: &Socket) -> BorrowedFd<'_> {
    socket.as_fd()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_is_read_whatever_else_is_there() {
        let mut datagram = vec![0; HEADERS];
        datagram.extend(attribute(2, b"0000:00:02.0\0"));
        datagram.extend(attribute(3, &7_u64.to_ne_bytes()));
        datagram.extend(attribute(4, &99_u64.to_ne_bytes()));
        datagram.extend(attribute(5, &16_u32.to_ne_bytes()));
        assert_eq!(event(&datagram), Some((7, 99)));
        assert_eq!(event(&datagram[..HEADERS + 20]), None);
    }

    #[test]
    fn broken_attributes_end_the_list() {
        assert_eq!(attributes(&[200, 0, 1, 0, 9]).count(), 0);
        assert_eq!(attributes(&[3, 0, 1, 0]).count(), 0);
    }
}
