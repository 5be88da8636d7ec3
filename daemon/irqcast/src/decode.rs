//! Turns attributes into events and devices. Pure: takes bytes and returns values.
//!
//! A value of the wrong length, or one that must be there and is not, is an error. An attribute that
//! is not known is skipped, so that a newer driver can say more.

use crate::context::Context;
use crate::device::{Device, InterruptMode};
use crate::event::Event;
use crate::paths::Paths;
use crate::wire::{self, ADDRESS_MAX_LEN, Attribute, attribute_name};
use netlink_packet_core::{NlaBuffer, NlasIterator};

/// Why a message is not what the protocol says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A header, a length field and what is there do not fit together.
    #[error("{0}")]
    Layout(String),
    /// The datagram was larger than the buffer.
    #[error("a datagram of {0} bytes was cut off")]
    CutOff(usize),
    /// An attribute that every such message has is not there.
    #[error("attribute {0:?} is missing")]
    Missing(&'static str),
    /// The value has the wrong length.
    #[error("attribute {name:?} has {found} bytes instead of {expected}")]
    Length {
        /// Name of the attribute.
        name: &'static str,
        /// Bytes that its type takes.
        expected: usize,
        /// Bytes that it has.
        found: usize,
    },
    /// The value is no text of at most [`ADDRESS_MAX_LEN`] bytes that ends in NUL.
    #[error("attribute {0:?} is not a short text that ends in NUL")]
    Text(&'static str),
    /// Sequence numbers start at 1.
    #[error("attribute \"seq\" is 0")]
    SequenceZero,
}

impl From<netlink_packet_core::DecodeError> for DecodeError {
    fn from(error: netlink_packet_core::DecodeError) -> Self {
        Self::Layout(error.to_string())
    }
}

/// Decodes the attributes of an `event-ntf` message of the edu device, without its headers.
pub fn decode_event(attributes: &[u8]) -> Result<Event, DecodeError> {
    decode_event_of(true, attributes)
}

/// The same of another driver on irqcast's core. What its device adds is skipped: the numbers that the edu
/// device's additions have mean something else there.
pub fn decode_common_event(attributes: &[u8]) -> Result<Event, DecodeError> {
    decode_event_of(false, attributes)
}

/// Decodes an event: one of the edu device with what that adds, another one without.
pub(crate) fn decode_event_of(of_edu: bool, attributes: &[u8]) -> Result<Event, DecodeError> {
    use wire::event::{
        ADDRESS, ALL, CAUSE, DEVICE, DMA_BYTES, FACTORIAL, INCARNATION, SEQ, TIME_NS,
    };
    let (mut device, mut address, mut seq, mut time_ns, mut cause) = (None, None, None, None, None);
    let (mut factorial, mut dma_bytes, mut incarnation) = (None, None, None);
    for attribute in NlasIterator::new(attributes) {
        let value = Value {
            attribute: attribute?,
            set: ALL,
        };
        match value.attribute.kind() {
            DEVICE => device = Some(value.u32()?),
            ADDRESS => address = Some(value.text()?),
            SEQ => seq = Some(value.u64()?),
            TIME_NS => time_ns = Some(value.u64()?),
            CAUSE => cause = Some(value.u32()?),
            FACTORIAL if of_edu => factorial = Some(value.u32()?),
            DMA_BYTES if of_edu => dma_bytes = Some(value.u32()?),
            INCARNATION => incarnation = Some(value.u64()?),
            _ => {}
        }
    }
    let event = Event {
        device: device.ok_or(DecodeError::Missing("device"))?,
        incarnation: incarnation.ok_or(DecodeError::Missing("incarnation"))?,
        address: address.ok_or(DecodeError::Missing("address"))?,
        seq: seq.ok_or(DecodeError::Missing("seq"))?,
        time_ns: time_ns.ok_or(DecodeError::Missing("time-ns"))?,
        cause: cause.ok_or(DecodeError::Missing("cause"))?,
        factorial,
        dma_bytes,
        replayed: false,
    };
    if event.seq == 0 {
        return Err(DecodeError::SequenceZero);
    }
    Ok(event)
}

/// Decodes the attributes of an answer to `device-get`, without its headers.
pub fn decode_device(attributes: &[u8]) -> Result<Device, DecodeError> {
    use wire::device::{
        ADDRESS, ALL, ALLOC_FAILURES, CONTEXT, CONTEXT_NOW, DEVICE, EVENTFD_SIGNALS, EVENTS_SENT,
        FIRST_SEQ, HISTORY, INCARNATION, INTERRUPT_MODE, INTERRUPTS, NO_LISTENER, PATHS, PORTS,
        READER_OVERRUNS, SEND_ERRORS, SENT_BH, SENT_HARD, SENT_THREAD, SIGNALS, SPURIOUS,
        SWITCHED_OFF, UNICAST_ERRORS, UNICAST_SENT,
    };
    let values = values(attributes, ALL)?;
    let find = |number| {
        values
            .iter()
            .find(|value| value.attribute.kind() == number)
            .ok_or(DecodeError::Missing(
                attribute_name(ALL, number).unwrap_or("unknown"),
            ))
    };
    Ok(Device {
        device: find(DEVICE)?.u32()?,
        address: find(ADDRESS)?.text()?,
        interrupt_mode: match find(INTERRUPT_MODE)?.u32()? {
            wire::interrupt_mode::INTX => InterruptMode::Intx,
            wire::interrupt_mode::MSI => InterruptMode::Msi,
            other => InterruptMode::Unknown(other),
        },
        interrupts: find(INTERRUPTS)?.u64()?,
        events_sent: find(EVENTS_SENT)?.u64()?,
        no_listener: find(NO_LISTENER)?.u64()?,
        alloc_failures: find(ALLOC_FAILURES)?.u64()?,
        send_errors: find(SEND_ERRORS)?.u64()?,
        spurious: find(SPURIOUS)?.u64()?,
        paths: Paths::from_bits(find(PATHS)?.u32()?),
        history: find(HISTORY)?.u32()?,
        switched_off: find(SWITCHED_OFF)?.u64()?,
        reader_overruns: find(READER_OVERRUNS)?.u64()?,
        signals: find(SIGNALS)?.u64()?,
        eventfd_signals: find(EVENTFD_SIGNALS)?.u64()?,
        context: Context::from_value(find(CONTEXT)?.u32()?),
        context_now: Context::from_value(find(CONTEXT_NOW)?.u32()?),
        ports: find(PORTS)?.u32()?,
        unicast_sent: find(UNICAST_SENT)?.u64()?,
        unicast_errors: find(UNICAST_ERRORS)?.u64()?,
        sent_hard: find(SENT_HARD)?.u64()?,
        sent_bh: find(SENT_BH)?.u64()?,
        sent_thread: find(SENT_THREAD)?.u64()?,
        incarnation: find(INCARNATION)?.u64()?,
        first_seq: find(FIRST_SEQ)?.u64()?,
    })
}

/// The attributes of a message, each of which belongs to `set`.
fn values<'a>(
    attributes: &'a [u8],
    set: &'static [Attribute],
) -> Result<Vec<Value<'a>>, DecodeError> {
    NlasIterator::new(attributes)
        .map(|attribute| {
            Ok(Value {
                attribute: attribute?,
                set,
            })
        })
        .collect()
}

/// One attribute, and the set that names it.
struct Value<'a> {
    attribute: NlaBuffer<&'a [u8]>,
    set: &'static [Attribute],
}

impl Value<'_> {
    fn name(&self) -> &'static str {
        attribute_name(self.set, self.attribute.kind()).unwrap_or("unknown")
    }

    fn bytes<const N: usize>(&self) -> Result<[u8; N], DecodeError> {
        let value = self.attribute.value();
        value.try_into().map_err(|_| DecodeError::Length {
            name: self.name(),
            expected: N,
            found: value.len(),
        })
    }

    fn u32(&self) -> Result<u32, DecodeError> {
        self.bytes().map(u32::from_ne_bytes)
    }

    fn u64(&self) -> Result<u64, DecodeError> {
        self.bytes().map(u64::from_ne_bytes)
    }

    fn text(&self) -> Result<String, DecodeError> {
        let error = || DecodeError::Text(self.name());
        let (end, text) = self.attribute.value().split_last().ok_or_else(error)?;
        if *end != 0 || text.contains(&0) || text.len() > ADDRESS_MAX_LEN {
            return Err(error());
        }
        String::from_utf8(text.to_vec()).map_err(|_| error())
    }
}
