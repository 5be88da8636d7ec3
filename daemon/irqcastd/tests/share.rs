//! Room for other rules, from the outside. Hooks run here for events of a trace, since those need no driver.

mod common;

use common::{Daemon, driver_is_loaded, until};
use irqcast_control::{Answer, Client, Occurrence, Request};

/// As many processes as there may be, one rule that hangs, and one that leaves a file.
const CONFIG: &str = r#"
limits = { processes = 8, stop-grace = 0 }

[[rule]]
name = "hangs"
match.cause-all = 0x2
hook = { command = ["/bin/sleep", "100000"], time-limit = "none" }

[[rule]]
name = "other"
match.cause-all = 0x4
hook = { command = ["/bin/sh", "-c", ": > FOLDER/ran"], time-limit = "none" }
"#;

fn event(device: u32, cause: u32) -> Request {
    let text = format!(
        r#"{{"device":{device},"address":"0000:00:05.0","seq":1,"time_ns":12,"cause":{cause},"replayed":false}}"#
    );
    Request::Replay(Occurrence::read(text.as_bytes()).expect("an event"))
}

#[test]
fn rule_that_hangs_for_many_devices_leaves_room_for_others() {
    if driver_is_loaded() {
        return;
    }
    let daemon = Daemon::start(CONFIG);
    daemon.expect("waiting for the driver");
    let mut client = Client::connect(&daemon.path("control")).expect("the daemon listens");
    let mut ask = |request| client.ask(&request).expect("an answer");
    for device in 0..100 {
        ask(event(device, 0x2));
    }
    ask(event(0, 0x4));
    until("the other rule's hook", || {
        daemon.path("ran").exists().then_some(())
    });
    let Answer::Status(status) = ask(Request::Status) else {
        panic!("no status");
    };
    let hangs = &status.queues[0];
    assert_eq!((hangs.running, hangs.waiting), (2, 98), "{hangs:?}");
    daemon.signal("TERM");
    assert_eq!(daemon.exit_code(), Some(0));
}
