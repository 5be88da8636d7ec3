//! irqcast's own events by its specification and by the library's own decoder.

mod both;

use both::{SPEC, event, message};
use irqcast::{Event, decode_event, wire};
use irqcast_ynl::{Spec, decode};
use proptest::prelude::*;

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
