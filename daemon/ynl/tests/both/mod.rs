//! irqcast's own events as bytes, and as what its specification makes of them.

use irqcast::{Event, wire};
use irqcast_ynl::Map;
use netlink_packet_core::{DefaultNla, Emitable as _};

/// irqcast's specification.
pub const SPEC: &str = include_str!("../../../../driver/spec/irqcast.yaml");

/// The attributes of an event, as the driver puts them.
pub fn message(event: &Event) -> Vec<u8> {
    use wire::event::{
        ADDRESS, CAUSE, DEVICE, DMA_BYTES, FACTORIAL, INCARNATION, PAD, SEQ, TIME_NS,
    };
    let u32_of = |kind, value: u32| DefaultNla::new(kind, value.to_ne_bytes().to_vec());
    let u64_of = |kind, value: u64| DefaultNla::new(kind, value.to_ne_bytes().to_vec());
    let mut attributes = vec![
        u32_of(DEVICE, event.device),
        DefaultNla::new(ADDRESS, [event.address.as_bytes(), &[0]].concat()),
        DefaultNla::new(PAD, Vec::new()),
        u64_of(SEQ, event.seq),
        u64_of(TIME_NS, event.time_ns),
        u32_of(CAUSE, event.cause),
        u64_of(INCARNATION, event.incarnation),
    ];
    attributes.extend(event.factorial.map(|value| u32_of(FACTORIAL, value)));
    attributes.extend(event.dma_bytes.map(|value| u32_of(DMA_BYTES, value)));
    let mut bytes = vec![0; attributes.as_slice().buffer_len()];
    attributes.as_slice().emit(&mut bytes);
    bytes
}

/// The event that the values say.
pub fn event(values: &Map<'_>) -> Option<Event> {
    let number = |name: &str| values.get(name)?.as_u64();
    let short = |name: &str| u32::try_from(number(name)?).ok();
    Some(Event {
        device: short("device")?,
        incarnation: number("incarnation")?,
        address: values.get("address")?.as_text()?.to_owned(),
        seq: number("seq")?,
        time_ns: number("time-ns")?,
        cause: short("cause")?,
        factorial: short("factorial"),
        dma_bytes: short("dma-bytes"),
        replayed: false,
    })
}
