//! Decoding of what the driver sends: whole, cut off, and made of anything.

use irqcast::{
    DecodeError, Device, Event, InterruptMode, decode_common_event, decode_device, decode_event,
    wire,
};
use netlink_packet_core::{DefaultNla, Emitable as _};
use proptest::prelude::*;

fn emit(attributes: &[DefaultNla]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

fn u32_of(kind: u16, value: u32) -> DefaultNla {
    DefaultNla::new(kind, value.to_ne_bytes().to_vec())
}

fn u64_of(kind: u16, value: u64) -> DefaultNla {
    DefaultNla::new(kind, value.to_ne_bytes().to_vec())
}

fn text_of(kind: u16, value: &str) -> DefaultNla {
    DefaultNla::new(kind, [value.as_bytes(), &[0]].concat())
}

/// The attributes of an event, as the driver would put them.
fn attributes(event: &Event) -> Vec<DefaultNla> {
    use wire::event::{ADDRESS, CAUSE, DEVICE, DMA_BYTES, FACTORIAL, INCARNATION, SEQ, TIME_NS};
    let mut attributes = vec![
        u32_of(DEVICE, event.device),
        text_of(ADDRESS, &event.address),
        u64_of(SEQ, event.seq),
        u64_of(TIME_NS, event.time_ns),
        u32_of(CAUSE, event.cause),
        u64_of(INCARNATION, event.incarnation),
    ];
    attributes.extend(event.factorial.map(|value| u32_of(FACTORIAL, value)));
    attributes.extend(event.dma_bytes.map(|value| u32_of(DMA_BYTES, value)));
    attributes
}

fn event() -> Event {
    Event {
        device: 3,
        incarnation: 9,
        address: "0000:00:02.0".to_owned(),
        seq: 7,
        time_ns: 12,
        cause: 0x101,
        factorial: Some(120),
        dma_bytes: Some(64),
        replayed: false,
    }
}

#[test]
fn event_is_read() {
    assert_eq!(decode_event(&emit(&attributes(&event()))), Ok(event()));
}

#[test]
fn unknown_attribute_is_skipped() {
    let mut attributes = attributes(&event());
    attributes.insert(0, DefaultNla::new(wire::event::PAD, Vec::new()));
    attributes.insert(2, DefaultNla::new(99, vec![1, 2, 3]));
    assert_eq!(decode_event(&emit(&attributes)), Ok(event()));
}

#[test]
fn what_another_device_adds_is_skipped_whatever_it_is() {
    use wire::event::{DMA_BYTES, FACTORIAL};
    let common = Event {
        factorial: None,
        dma_bytes: None,
        ..event()
    };
    let mut attributes = attributes(&common);
    attributes.push(u32_of(FACTORIAL, 1));
    attributes.push(DefaultNla::new(DMA_BYTES, vec![1, 2, 3]));
    assert_eq!(decode_common_event(&emit(&attributes)), Ok(common));
}

#[test]
fn event_without_a_part_is_an_error() {
    let check = |kind, missing| {
        let mut attributes = attributes(&event());
        attributes.retain(|attribute| netlink_packet_core::Nla::kind(attribute) != kind);
        assert_eq!(
            decode_event(&emit(&attributes)),
            Err(DecodeError::Missing(missing))
        );
    };
    check(wire::event::DEVICE, "device");
    check(wire::event::ADDRESS, "address");
    check(wire::event::SEQ, "seq");
    check(wire::event::TIME_NS, "time-ns");
    check(wire::event::CAUSE, "cause");
    check(wire::event::INCARNATION, "incarnation");
}

#[test]
fn wrong_values_are_errors() {
    let check = |wrong: DefaultNla, expected: &str| {
        let mut attributes = attributes(&event());
        attributes.push(wrong);
        let error = decode_event(&emit(&attributes)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    use wire::event::{ADDRESS, CAUSE, SEQ};
    check(
        DefaultNla::new(CAUSE, vec![0; 3]),
        "attribute \"cause\" has 3 bytes instead of 4",
    );
    check(u32_of(SEQ, 1), "attribute \"seq\" has 4 bytes instead of 8");
    check(u64_of(SEQ, 0), "attribute \"seq\" is 0");
    let text = "attribute \"address\" is not a short text that ends in NUL";
    check(DefaultNla::new(ADDRESS, vec![]), text);
    check(DefaultNla::new(ADDRESS, b"no end".to_vec()), text);
    check(DefaultNla::new(ADDRESS, b"two\0ends\0".to_vec()), text);
    check(DefaultNla::new(ADDRESS, vec![0xff, 0]), text);
    check(text_of(ADDRESS, &"x".repeat(32)), text);
}

#[test]
fn device_is_read() {
    use wire::device as set;
    let attributes = vec![
        u32_of(set::DEVICE, 1),
        text_of(set::ADDRESS, "0000:00:03.0"),
        u32_of(set::INTERRUPT_MODE, wire::interrupt_mode::MSI),
        u64_of(set::INTERRUPTS, 6),
        u64_of(set::EVENTS_SENT, 5),
        u64_of(set::NO_LISTENER, 4),
        u64_of(set::ALLOC_FAILURES, 3),
        u64_of(set::SEND_ERRORS, 2),
        u64_of(set::SPURIOUS, 1),
        u32_of(set::PATHS, 0b100),
        u32_of(set::HISTORY, 4096),
        u64_of(set::SWITCHED_OFF, 7),
        u64_of(set::READER_OVERRUNS, 8),
        u64_of(set::SIGNALS, 9),
        u64_of(set::EVENTFD_SIGNALS, 10),
        u32_of(set::CONTEXT, 0),
        u32_of(set::CONTEXT_NOW, 2),
        u32_of(set::PORTS, 11),
        u64_of(set::UNICAST_SENT, 12),
        u64_of(set::UNICAST_ERRORS, 13),
        u64_of(set::SENT_HARD, 14),
        u64_of(set::SENT_BH, 15),
        u64_of(set::SENT_THREAD, 16),
        u64_of(set::INCARNATION, 17),
        u64_of(set::FIRST_SEQ, 18),
    ];
    let expected = Device {
        device: 1,
        address: "0000:00:03.0".to_owned(),
        interrupt_mode: InterruptMode::Msi,
        interrupts: 6,
        events_sent: 5,
        no_listener: 4,
        alloc_failures: 3,
        send_errors: 2,
        spurious: 1,
        paths: "chardev".parse().unwrap(),
        history: 4096,
        switched_off: 7,
        reader_overruns: 8,
        signals: 9,
        eventfd_signals: 10,
        context: "auto".parse().unwrap(),
        context_now: "bh".parse().unwrap(),
        ports: 11,
        unicast_sent: 12,
        unicast_errors: 13,
        sent_hard: 14,
        sent_bh: 15,
        sent_thread: 16,
        incarnation: 17,
        first_seq: 18,
    };
    assert_eq!(decode_device(&emit(&attributes)), Ok(expected.clone()));
    for left_out in 0..attributes.len() {
        let mut attributes = attributes.clone();
        attributes.remove(left_out);
        assert!(matches!(
            decode_device(&emit(&attributes)),
            Err(DecodeError::Missing(_))
        ));
    }
    let mut newer = attributes;
    newer[2] = u32_of(set::INTERRUPT_MODE, 7);
    let found = decode_device(&emit(&newer)).unwrap();
    assert_eq!(found.interrupt_mode, InterruptMode::Unknown(7));
}

proptest! {
    #[test]
    fn every_event_reads_back(
        device: u32, address in "[0-9a-f:.]{0,31}", seq in 1u64.., time_ns: u64, cause: u32,
        factorial: Option<u32>, dma_bytes: Option<u32>,
    ) {
        let event = Event {
            device, incarnation: 0, address, seq, time_ns, cause, factorial, dma_bytes,
            replayed: false,
        };
        prop_assert_eq!(decode_event(&emit(&attributes(&event))), Ok(event.clone()));
        prop_assert_eq!(serde_json::from_str::<Event>(&event.to_json()).unwrap(), event);
    }

    #[test]
    fn cut_off_events_are_errors(length in 0usize..100) {
        let bytes = emit(&attributes(&Event { factorial: None, dma_bytes: None, ..event() }));
        prop_assume!(length < bytes.len());
        prop_assert!(decode_event(&bytes[..length]).is_err());
    }

    #[test]
    fn anything_is_decoded_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_event(&bytes);
        let _ = decode_device(&bytes);
    }

    #[test]
    fn damaged_events_are_decoded_without_a_panic(at in 0usize..80, value: u8) {
        let mut bytes = emit(&attributes(&event()));
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = decode_event(&bytes);
    }
}
