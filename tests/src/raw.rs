//! Generic netlink, byte by byte (include/uapi/linux/netlink.h, genetlink.h). The tests
//! speak it themselves, so that they also send what no library would, and so that what the
//! driver puts on the wire is judged by code that shares nothing with the daemon.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_GENERIC};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
/// Asks for all objects (`NLM_F_ROOT | NLM_F_MATCH`).
pub const NLM_F_DUMP: u16 = 0x300;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSG_HEADER: usize = 16;
const GENL_HEADER: usize = 4;
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;

/// Operations of the family, in the order of driver/spec/irqcast.yaml.
pub mod op {
    /// Get one device, or with a dump all.
    pub const DEVICE_GET: u8 = 1;
    /// Raise bits.
    pub const RAISE: u8 = 2;
    /// Compute a factorial.
    pub const FACTORIAL: u8 = 3;
    /// Round trip by DMA.
    pub const DMA: u8 = 4;
    /// An event.
    pub const EVENT_NTF: u8 = 5;
    /// Switch delivery paths.
    pub const DEVICE_SET: u8 = 6;
    /// Register the caller's port.
    pub const LISTEN: u8 = 7;
    /// Take it back.
    pub const UNLISTEN: u8 = 8;
}

/// Attributes of a request, in the order of driver/spec/irqcast.yaml.
pub mod request {
    /// Instance number.
    pub const DEVICE: u16 = 1;
    /// Bits to raise.
    pub const BITS: u16 = 2;
    /// Factorial's argument.
    pub const ARGUMENT: u16 = 3;
    /// Length of a DMA.
    pub const BYTES: u16 = 4;
    /// Delivery paths, as bits.
    pub const PATHS: u16 = 5;
    /// Where netlink messages are sent from.
    pub const CONTEXT: u16 = 6;
}

/// One attribute: header, payload, padding.
pub fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 4).expect("test payloads are short");
    let mut bytes = Vec::new();
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A u32 attribute.
pub fn u32_attribute(kind: u16, value: u32) -> Vec<u8> {
    attribute(kind, &value.to_ne_bytes())
}

fn attributes(mut bytes: &[u8]) -> Result<Vec<(u16, &[u8])>> {
    let mut found = Vec::new();
    while bytes.len() >= 4 {
        let length = usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
        // The upper two bits say how the payload is to be read (NLA_TYPE_MASK).
        let kind = u16::from_ne_bytes([bytes[2], bytes[3]]) & 0x3fff;
        ensure!(
            (4..=bytes.len()).contains(&length),
            "attribute {kind} has length {length}"
        );
        found.push((kind, &bytes[4..length]));
        bytes = &bytes[length.next_multiple_of(4).min(bytes.len())..];
    }
    Ok(found)
}

fn as_u32(payload: &[u8]) -> Result<u32> {
    Ok(u32::from_ne_bytes(
        payload.try_into().context("an attribute is no u32")?,
    ))
}

fn as_u64(payload: &[u8]) -> Result<u64> {
    Ok(u64::from_ne_bytes(
        payload.try_into().context("an attribute is no u64")?,
    ))
}

fn as_string(payload: &[u8]) -> Result<String> {
    let (end, text) = payload
        .split_last()
        .context("a string attribute is empty")?;
    ensure!(*end == 0, "a string attribute does not end in NUL");
    Ok(String::from_utf8(text.to_vec())?)
}

/// An event as it is on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Instance number.
    pub device: u32,
    /// PCI address.
    pub address: String,
    /// Sequence number.
    pub seq: u64,
    /// `CLOCK_MONOTONIC` in the handler, ns.
    pub time_ns: u64,
    /// Status bits.
    pub cause: u32,
    /// Result of a factorial.
    pub factorial: Option<u32>,
    /// Bytes that came back from a DMA.
    pub dma_bytes: Option<u32>,
    /// Length of what the driver adds for measuring.
    pub payload: usize,
    /// Life of the device.
    pub incarnation: u64,
}

impl Event {
    fn decode(payload: &[u8]) -> Result<Self> {
        let (mut device, mut address, mut seq, mut time_ns, mut cause) =
            (None, None, None, None, None);
        let (mut factorial, mut dma_bytes) = (None, None);
        let mut payload_length = 0;
        let mut incarnation = None;
        for (kind, value) in attributes(payload)? {
            match kind {
                1 => device = Some(as_u32(value)?),
                2 => address = Some(as_string(value)?),
                3 => seq = Some(as_u64(value)?),
                4 => time_ns = Some(as_u64(value)?),
                5 => cause = Some(as_u32(value)?),
                6 => factorial = Some(as_u32(value)?),
                7 => dma_bytes = Some(as_u32(value)?),
                8 => (),
                9 => payload_length = value.len(),
                10 => incarnation = Some(as_u64(value)?),
                other => bail!("an event has the unknown attribute {other}"),
            }
        }
        Ok(Self {
            device: device.context("an event lacks its device")?,
            address: address.context("an event lacks its address")?,
            seq: seq.context("an event lacks its sequence number")?,
            time_ns: time_ns.context("an event lacks its time")?,
            cause: cause.context("an event lacks its cause")?,
            factorial,
            dma_bytes,
            payload: payload_length,
            incarnation: incarnation.context("an event lacks its incarnation")?,
        })
    }
}

/// What the kernel answered.
#[derive(Debug, Default)]
pub struct Answer {
    /// Error number, 0 for success.
    pub errno: i32,
    /// Text of the extended acknowledgement.
    pub message: Option<String>,
    /// Attribute that the request lacks (NLMSGERR_ATTR_MISS_TYPE).
    pub missing: Option<u32>,
    /// Offset of the attribute that is wrong (NLMSGERR_ATTR_OFFS).
    pub offset: Option<u32>,
    /// Number of messages with data.
    pub objects: usize,
}

/// A generic netlink socket that knows a family on irqcast's core.
pub struct Genl {
    socket: Socket,
    family: u16,
    group: u32,
    sequence: u32,
    /// Events that came while an answer was awaited.
    waiting: VecDeque<Event>,
}

impl Genl {
    /// Opens a socket and looks the family `irqcast` up.
    pub fn open() -> Result<Self> {
        Self::open_family("irqcast")
    }

    /// Opens a socket and looks this family up. Attributes 6 and 7 of its events are what its device adds.
    pub fn open_family(family: &str) -> Result<Self> {
        let mut socket = Socket::new(NETLINK_GENERIC)?;
        socket.bind_auto()?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        // Room for a test that raises first and reads later.
        force_receive_buffer(&socket, 8 << 20)?;
        let mut genl = Self {
            socket,
            family: GENL_ID_CTRL,
            group: 0,
            sequence: 0,
            waiting: VecDeque::new(),
        };
        genl.resolve(family)?;
        Ok(genl)
    }

    fn resolve(&mut self, name: &str) -> Result<()> {
        const CTRL_ATTR_FAMILY_ID: u16 = 1;
        const CTRL_ATTR_FAMILY_NAME: u16 = 2;
        const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
        const CTRL_ATTR_MCAST_GRP_NAME: u16 = 1;
        const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;
        self.send(
            CTRL_CMD_GETFAMILY,
            0,
            &attribute(CTRL_ATTR_FAMILY_NAME, &[name.as_bytes(), &[0]].concat()),
        )?;
        let (mut family, mut group) = (None, None);
        let answer = self.answer(|payload| {
            for (kind, value) in attributes(payload)? {
                match kind {
                    CTRL_ATTR_FAMILY_ID => {
                        family = Some(u16::from_ne_bytes(value.try_into()?));
                    }
                    CTRL_ATTR_MCAST_GROUPS => {
                        for (_, entry) in attributes(value)? {
                            let entry = attributes(entry)?;
                            let field = |kind| {
                                entry
                                    .iter()
                                    .find(|(k, _)| *k == kind)
                                    .map(|(_, value)| *value)
                            };
                            if field(CTRL_ATTR_MCAST_GRP_NAME) == Some(b"events\0".as_slice()) {
                                group = field(CTRL_ATTR_MCAST_GRP_ID).map(as_u32).transpose()?;
                            }
                        }
                    }
                    _ => (),
                }
            }
            Ok(())
        })?;
        ensure!(
            answer.errno == 0,
            "the kernel does not know the family {name}: {answer:?}"
        );
        self.family = family.context("nlctrl named no family ID")?;
        self.group = group.context("the family has no group events")?;
        Ok(())
    }

    /// Makes the receive buffer small, in bytes as setsockopt counts them.
    pub fn limit_receive_buffer(&self, bytes: usize) -> Result<()> {
        self.socket.set_rx_buf_sz(u32::try_from(bytes)?)?;
        Ok(())
    }

    /// Joins the multicast group; from here on every event is received.
    pub fn join(&self) -> std::io::Result<()> {
        self.socket.add_membership(self.group)
    }

    /// Registers this socket for the events of a device, or takes that back.
    pub fn listen(&mut self, command: u8, device: u32) -> Result<Answer> {
        self.request(command, 0, &u32_attribute(request::DEVICE, device))
    }

    /// Sends a request with the attributes in `payload` and waits for its end.
    pub fn request(&mut self, command: u8, flags: u16, payload: &[u8]) -> Result<Answer> {
        self.send(command, flags, payload)?;
        self.answer(|_| Ok(()))
    }

    /// Sends the same request twice in one datagram, so that the kernel handles the second
    /// right after the first.
    pub fn request_twice(&mut self, command: u8, payload: &[u8]) -> Result<[Answer; 2]> {
        let first = self.encode(command, 0, payload)?;
        let second = self.encode(command, 0, payload)?;
        let both = [first, second].concat();
        self.socket.send_to(&both, &SocketAddr::new(0, 0), 0)?;
        let last = self.sequence;
        Ok([
            self.answer_to(last - 1, |_| Ok(()))?,
            self.answer_to(last, |_| Ok(()))?,
        ])
    }

    /// Raises `bits` on `device`, and fails unless the driver agreed.
    pub fn raise(&mut self, device: u32, bits: u32) -> Result<()> {
        let payload = [
            u32_attribute(request::DEVICE, device),
            u32_attribute(request::BITS, bits),
        ]
        .concat();
        let answer = self.request(op::RAISE, 0, &payload)?;
        ensure!(answer.errno == 0, "raise failed: {answer:?}");
        Ok(())
    }

    /// Raises `bits` on `device`, and waits for an event of that device.
    pub fn interrupt(&mut self, device: u32, bits: u32) -> Result<Event> {
        self.raise(device, bits)?;
        loop {
            let event = self.event(crate::wait::LIMIT)?.context("no event came")?;
            if event.device == device {
                return Ok(event);
            }
        }
    }

    /// The next event, or nothing when none comes within `limit`.
    pub fn event(&mut self, limit: Duration) -> Result<Option<Event>> {
        if let Some(event) = self.waiting.pop_front() {
            return Ok(Some(event));
        }
        loop {
            // SAFETY: the socket stays open as long as `self`, which outlives the borrow.
            let fd = unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) };
            let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
            if poll(&mut fds, PollTimeout::try_from(limit)?)? == 0 {
                return Ok(None);
            }
            let (bytes, sender) = self.socket.recv_from_full()?;
            ensure!(
                sender.port_number() == 0,
                "port {} sent a message",
                sender.port_number()
            );
            let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
            if kind == self.family && bytes[NLMSG_HEADER] == op::EVENT_NTF {
                return Event::decode(&bytes[NLMSG_HEADER + GENL_HEADER..]).map(Some);
            }
        }
    }

    /// Exactly `count` events, in the order of their arrival.
    pub fn events(&mut self, count: usize) -> Result<Vec<Event>> {
        (0..count)
            .map(|have| {
                self.event(crate::wait::LIMIT)?
                    .with_context(|| format!("{have} of {count} events came, then none"))
            })
            .collect()
    }

    fn send(&mut self, command: u8, flags: u16, payload: &[u8]) -> Result<()> {
        let bytes = self.encode(command, flags, payload)?;
        self.socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;
        Ok(())
    }

    /// A request with the next sequence number.
    fn encode(&mut self, command: u8, flags: u16, payload: &[u8]) -> Result<Vec<u8>> {
        self.sequence += 1;
        let length = u32::try_from(NLMSG_HEADER + GENL_HEADER + payload.len())?;
        let mut bytes = Vec::new();
        bytes.extend(length.to_ne_bytes());
        bytes.extend(self.family.to_ne_bytes());
        bytes.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        bytes.extend(self.sequence.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend([command, 1, 0, 0]);
        bytes.extend(payload);
        Ok(bytes)
    }

    /// Waits for the end of the answer to the last request.
    fn answer(&mut self, object: impl FnMut(&[u8]) -> Result<()>) -> Result<Answer> {
        self.answer_to(self.sequence, object)
    }

    fn answer_to(
        &mut self,
        sequence: u32,
        mut object: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<Answer> {
        let mut answer = Answer::default();
        loop {
            let (bytes, _) = self.socket.recv_from_full()?;
            let mut rest = bytes.as_slice();
            while rest.len() >= NLMSG_HEADER {
                let length = as_u32(&rest[..4])? as usize;
                ensure!(
                    (NLMSG_HEADER..=rest.len()).contains(&length),
                    "bad message length"
                );
                let message = &rest[..length];
                rest = &rest[length.next_multiple_of(4).min(rest.len())..];
                let kind = u16::from_ne_bytes([message[4], message[5]]);
                if kind == self.family && message[NLMSG_HEADER] == op::EVENT_NTF {
                    let event = Event::decode(&message[NLMSG_HEADER + GENL_HEADER..])?;
                    self.waiting.push_back(event);
                    continue;
                }
                ensure!(as_u32(&message[8..12])? == sequence, "an answer to nothing");
                match kind {
                    NLMSG_ERROR | NLMSG_DONE => {
                        answer.finish(message)?;
                        return Ok(answer);
                    }
                    _ => {
                        answer.objects += 1;
                        object(&message[NLMSG_HEADER + GENL_HEADER..])?;
                    }
                }
            }
        }
    }
}

impl Answer {
    fn finish(&mut self, message: &[u8]) -> Result<()> {
        const NLMSGERR_ATTR_MSG: u16 = 1;
        const NLMSGERR_ATTR_OFFS: u16 = 2;
        const NLMSGERR_ATTR_MISS_TYPE: u16 = 5;
        let flags = u16::from_ne_bytes([message[6], message[7]]);
        let code = message
            .get(NLMSG_HEADER..NLMSG_HEADER + 4)
            .context("an end without a code")?;
        self.errno = -i32::from_ne_bytes(code.try_into()?);
        if flags & NLM_F_ACK_TLVS == 0 {
            return Ok(());
        }
        let mut start = NLMSG_HEADER + 4;
        if u16::from_ne_bytes([message[4], message[5]]) == NLMSG_ERROR {
            // The header of the request comes first, and all of it unless it was capped.
            let echoed = as_u32(&message[start..start + 4])? as usize;
            start += if flags & NLM_F_CAPPED == 0 {
                echoed.next_multiple_of(4)
            } else {
                NLMSG_HEADER
            };
        }
        for (kind, value) in attributes(&message[start..])? {
            match kind {
                NLMSGERR_ATTR_MSG => self.message = Some(as_string(value)?),
                NLMSGERR_ATTR_OFFS => self.offset = Some(as_u32(value)?),
                NLMSGERR_ATTR_MISS_TYPE => self.missing = Some(as_u32(value)?),
                _ => (),
            }
        }
        Ok(())
    }
}

fn force_receive_buffer(socket: &Socket, bytes: usize) -> Result<()> {
    // SAFETY: the socket stays open as long as it is borrowed here.
    let fd = unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) };
    nix::sys::socket::setsockopt(&fd, nix::sys::socket::sockopt::RcvBufForce, &bytes)?;
    Ok(())
}
