//! irqcast's own events by its specification and by the library's own decoder.

use irqcast::{Event, decode_event, wire};
use irqcast_ynl::{Map, Spec, decode};
use netlink_packet_core::{DefaultNla, Emitable as _};
use proptest::prelude::*;
use std::hint::black_box;
use std::time::{Duration, Instant};

const SPEC: &str = include_str!("../../../driver/spec/irqcast.yaml");

/// The attributes of an event, as the driver puts them.
fn message(event: &Event) -> Vec<u8> {
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
fn event(values: &Map<'_>) -> Option<Event> {
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

fn example() -> Event {
    Event {
        device: 3,
        incarnation: 9,
        address: "0000:00:02.0".to_owned(),
        seq: 7,
        time_ns: 12_345_678,
        cause: 0x101,
        factorial: Some(120),
        dma_bytes: None,
        replayed: false,
    }
}

proptest! {
    #[test]
    fn both_decoders_say_the_same(
        device: u32, incarnation: u64, address in "[0-9a-f:.]{0,31}", seq in 1u64.., time_ns: u64,
        cause: u32, factorial: Option<u32>, dma_bytes: Option<u32>,
    ) {
        let spec = Spec::parse(SPEC).unwrap();
        let operation = spec.from_kernel(wire::command::EVENT_NTF).unwrap();
        let told = Event {
            device, incarnation, address, seq, time_ns, cause, factorial, dma_bytes, replayed: false,
        };
        let bytes = message(&told);
        prop_assert_eq!(decode_event(&bytes), Ok(told.clone()));
        prop_assert_eq!(event(&decode(&spec, operation, &bytes).unwrap()), Some(told));
    }
}

/// The price of each, for people: `cargo test --release -p irqcast-ynl --test irqcast -- --ignored
/// --nocapture`.
#[test]
#[ignore = "measures, and decides nothing"]
fn price_of_each_decoder() {
    /// Few enough for a run that nothing disturbs.
    const ROUNDS: u32 = 1_000;
    const RUNS: usize = 1_000;
    let spec = Spec::parse(SPEC).unwrap();
    let operation = spec.from_kernel(wire::command::EVENT_NTF).unwrap();
    let bytes = message(&example());
    let run = |work: &dyn Fn() -> Event| {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            black_box(work());
        }
        started.elapsed() / ROUNDS
    };
    let own = || decode_event(black_box(&bytes)).unwrap();
    let general = || event(&decode(&spec, operation, black_box(&bytes)).unwrap()).unwrap();
    let mut best = [Duration::MAX; 2];
    for _ in 0..RUNS {
        best = [best[0].min(run(&own)), best[1].min(run(&general))];
    }
    println!(
        "decode_event: {:?}; by the specification: {:?}",
        best[0], best[1]
    );
}
