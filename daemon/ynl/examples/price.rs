//! How long it takes to decode one of irqcast's own events: by the library's own decoder, and by the
//! specification; and how long it takes to read that. It measures, and decides nothing.
//!
//! `cargo run --release -p irqcast-ynl --example price`

#[path = "../tests/both/mod.rs"]
mod both;

use both::{SPEC, event, message};
use irqcast::{Event, decode_event, wire};
use irqcast_ynl::{Spec, decode};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Events in one run: few enough for a run that nothing disturbs.
const ROUNDS: u32 = 1_000;
/// Runs, of which the quickest counts.
const RUNS: usize = 1_000;
/// How often the specification is read.
const READS: usize = 100;

fn main() {
    let spec = Spec::parse(SPEC).expect("the project's own specification");
    let operation = spec
        .from_kernel(wire::command::EVENT_NTF)
        .expect("the specification has events");
    let bytes = message(&example());
    let own = || decode_event(black_box(&bytes)).ok();
    let general = || event(&decode(&spec, operation, black_box(&bytes)).ok()?);
    // Beside each other, so that both meet the same disturbances.
    let mut best = [Duration::MAX; 2];
    for _ in 0..RUNS {
        best = [best[0].min(run(&own)), best[1].min(run(&general))];
    }
    println!(
        "decode_event: {:?}; by the specification: {:?}, once it is read, which takes {:?}",
        best[0],
        best[1],
        reading()
    );
}

/// The time to read the specification: the quickest of [`READS`].
fn reading() -> Duration {
    let read = |_| {
        let started = Instant::now();
        black_box(Spec::parse(black_box(SPEC))).expect("the project's own specification");
        started.elapsed()
    };
    (0..READS).map(read).min().unwrap_or_default()
}

/// The time of one event, from a run of [`ROUNDS`].
fn run(decode: &dyn Fn() -> Option<Event>) -> Duration {
    let started = Instant::now();
    for _ in 0..ROUNDS {
        black_box(decode().expect("a message as the driver sends it"));
    }
    started.elapsed() / ROUNDS
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
