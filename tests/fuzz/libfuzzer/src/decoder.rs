#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| irqcast_fuzz::decoder(bytes));
