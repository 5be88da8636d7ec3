//! Holds docs/control.md against what is said over the socket.

use irqcast_control::{Answer, REQUEST_MAX, Request, SOCKET};

const DOCUMENT: &str = include_str!("../../../docs/control.md");
const EVENT: &str =
    r#"{"device":0,"address":"0000:00:02.0","seq":1,"time_ns":12,"cause":2,"replayed":false}"#;

/// What stands between back quotes and begins like this.
fn quoted(begin: &str) -> impl Iterator<Item = &'static str> {
    let pieces = DOCUMENT.split('`').skip(1).step_by(2);
    pieces.filter(move |piece| piece.starts_with(begin))
}

#[test]
fn every_request_that_is_named_is_one() {
    let mut found: Vec<Request> = quoted("{\"command\"")
        .map(|text| Request::read(text.replace("EVENT", EVENT).as_bytes()).expect(text))
        .collect();
    found.dedup();
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn answers_that_are_written_out_are_answers() {
    for begin in ["{\"reloaded\"", "{\"replayed\"", "{\"metrics\""] {
        for text in quoted(begin) {
            assert!(Answer::read(text.as_bytes()).is_ok(), "{text}");
        }
    }
}

#[test]
fn socket_and_bound_are_the_real_ones() {
    assert!(DOCUMENT.contains(&format!("The socket is `{SOCKET}`")));
    assert!(DOCUMENT.contains(&format!("most {REQUEST_MAX} bytes")));
}
