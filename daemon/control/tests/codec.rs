//! Requests and answers as bytes.

use irqcast_control::{Answer, Occurrence, REQUEST_MAX, Refusal, RefusalKind, Request};
use proptest::prelude::*;

const EVENT: &str =
    r#"{"device":0,"address":"0000:00:02.0","seq":1,"time_ns":12,"cause":2,"replayed":false}"#;
const LOSS: &str = r#"{"lost":{"device":0,"from":5,"to":9}}"#;

#[test]
fn requests_have_the_documented_form() {
    let check = |line: &str, acts| {
        let request = Request::read(line.as_bytes()).expect(line);
        assert_eq!(request.acts(), acts, "{line}");
        assert_eq!(Request::read(request.to_line().as_bytes()), Ok(request));
    };
    check(r#"{"command":"status"}"#, false);
    check(r#"{"command":"metrics"}"#, false);
    check(r#"{"command":"reload"}"#, true);
    check(&format!(r#"{{"command":"explain","of":{EVENT}}}"#), false);
    check(&format!(r#"{{"command":"replay","of":{LOSS}}}"#), true);
}

#[test]
fn wrong_requests_are_refused_with_a_reason() {
    let check = |line: &[u8], part: &str| {
        let error = Request::read(line)
            .expect_err("a wrong request")
            .to_string();
        assert!(error.contains(part), "{error}");
    };
    check(b"", "EOF");
    check(b"status", "expected");
    check(b"\xff", "not a request");
    check(br#"{"command":"statu"}"#, "statu");
    check(br#"{"command":"status","much":1}"#, "much");
    check(br#"{"command":"explain","of":{}}"#, "device");
    check(&vec![b' '; REQUEST_MAX + 1], "longer than");
    check(&[b'['; REQUEST_MAX], "not a request");
}

#[test]
fn what_no_driver_says_is_refused() {
    let check = |text: &str, part: &str| {
        let error = Occurrence::read(text.as_bytes())
            .expect_err("wrong")
            .to_string();
        assert!(error.contains(part), "{error}");
    };
    check(&EVENT.replace("\"seq\":1", "\"seq\":0"), "`seq`");
    check(&EVENT.replace("0000:00:02.0", "\\u0000"), "`address`");
    check(
        &EVENT.replace("0000:00:02.0", &"0".repeat(100)),
        "`address`",
    );
    check(&EVENT.replace("\"cause\":2", "\"cause\":-2"), "-2");
    check(&LOSS.replace("\"to\":9", "\"to\":4"), "`to`");
    check(&LOSS.replace("\"from\":5", "\"from\":0"), "`from`");
    check("[]", "not an event");
}

#[test]
fn losses_may_say_the_address() {
    let text = r#"{"address":"0000:00:02.0","lost":{"device":0,"from":5,"to":9}}"#;
    let found = Occurrence::read(text.as_bytes()).expect("right");
    assert_eq!(found.to_json(), text);
    assert_eq!(
        Occurrence::read(LOSS.as_bytes()).expect("right").to_json(),
        LOSS
    );
}

#[test]
fn refusals_have_the_documented_form() {
    let refusal = Refusal::new(RefusalKind::NotPermitted, "only root may");
    let answer = Answer::Refused(refusal);
    let line = answer.to_line();
    assert_eq!(
        line,
        "{\"refused\":{\"kind\":\"not-permitted\",\"message\":\"only root may\"}}\n"
    );
    assert_eq!(Answer::read(line.as_bytes()).expect("own line"), answer);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::read(&bytes);
        let _ = Answer::read(&bytes);
        let _ = Occurrence::read(&bytes);
    }

    #[test]
    fn whatever_is_read_can_be_written_and_read_again(
        seq in any::<u64>(), cause in any::<i64>(), address in "[0-9a-g:.]{0,20}", to in any::<u64>()
    ) {
        let event = format!(
            r#"{{"device":0,"address":"{address}","seq":{seq},"time_ns":1,"cause":{cause},"replayed":true}}"#
        );
        let loss = format!(r#"{{"lost":{{"device":1,"from":{seq},"to":{to}}}}}"#);
        for text in [event, loss] {
            if let Ok(found) = Occurrence::read(text.as_bytes()) {
                let request = Request::Replay(found);
                prop_assert_eq!(Request::read(request.to_line().as_bytes()), Ok(request));
            }
        }
    }
}
