//! What is fuzzed: each reader of bytes that come from outside, with what must hold whatever they are.
//!
//! `libfuzzer/` runs these functions under libFuzzer. Its corpus has what was written by hand to begin with,
//! in folders, and inputs that were found and each reach something that no other one does, in archives.
//! `tests/corpus.rs` runs all of it once, on any machine.
//!
//! ```text
//! cargo install cargo-fuzz
//! cd tests/fuzz/libfuzzer
//! mkdir found
//! cargo fuzz run --fuzz-dir . --sanitizer none decoder found corpus/decoder -- -runs=10000000
//! cargo fuzz run --fuzz-dir . --sanitizer none decoder least found corpus/decoder -- -merge=1 -use_counters=0
//! tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C least -cf corpus/decoder.tar .
//! ```
//!
//! The other targets are `specification`, `configuration` and `control`. An archive is unpacked into `found`
//! to go on from it.

use irqcast::{decode_device, decode_event};
use irqcast_control::{Answer, Occurrence, Request};
use irqcast_ynl::{Spec, decode};
use std::sync::LazyLock;

/// A function that is fuzzed. It panics where something does not hold.
pub type Target = fn(&[u8]);

/// All that is fuzzed, by the names of their folders in the corpus.
pub const TARGETS: [(&str, Target); 4] = [
    ("decoder", decoder),
    ("specification", specification),
    ("configuration", configuration),
    ("control", control),
];

/// Families to decode by: irqcast's own, those of others that are shipped, and one with every layout.
static SPECS: LazyLock<Vec<Spec>> = LazyLock::new(|| {
    let texts = [
        include_str!("../../../driver/spec/irqcast.yaml"),
        include_str!("../../../daemon/ynl/specs/acpi_event.yaml"),
        include_str!("../../../daemon/ynl/specs/nlctrl.yaml"),
        include_str!("../../../daemon/ynl/tests/everything.yaml"),
    ];
    let specs = texts.map(Spec::parse).into_iter();
    specs.filter_map(Result::ok).collect()
});

/// Messages of families. The first byte chooses the family, the second one the message. What can be decoded
/// has a JSON form.
pub fn decoder(bytes: &[u8]) {
    let &[family, command, ref payload @ ..] = bytes else {
        return;
    };
    let _ = (decode_event(payload), decode_device(payload));
    let spec = &SPECS[usize::from(family) % SPECS.len()];
    let Some(operation) = spec.from_kernel(command) else {
        return;
    };
    if let Ok(values) = decode(spec, operation, payload) {
        let json = serde_json::to_string(&values).expect("values have a JSON form");
        serde_json::from_str::<serde_json::Value>(&json).expect("it can be read");
    }
}

/// Specifications of families. What is refused is refused with reasons.
pub fn specification(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Err(problems) = Spec::parse(text) {
        assert!(!problems.is_empty());
    }
}

/// Configurations of the daemon. What is refused is refused with reasons.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Err(problems) = irqcastd::read_configuration(text) {
        assert!(!problems.is_empty());
    }
}

/// Lines of the control socket, and of traces. What can be read can be written and read again, and is the
/// same then.
pub fn control(bytes: &[u8]) {
    if let Ok(request) = Request::read(bytes) {
        assert_eq!(Request::read(request.to_line().as_bytes()), Ok(request));
    }
    if let Ok(answer) = Answer::read(bytes) {
        Answer::read(answer.to_line().as_bytes()).expect("what was written can be read");
    }
    if let Ok(occurrence) = Occurrence::read(bytes) {
        assert_eq!(
            Occurrence::read(occurrence.to_json().as_bytes()),
            Ok(occurrence)
        );
    }
}
