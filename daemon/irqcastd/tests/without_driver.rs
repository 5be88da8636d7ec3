//! The daemon on a machine where the driver is not loaded.

mod common;

use common::{Daemon, RIGHT, driver_is_loaded};
use std::fs;

#[test]
fn waits_and_stops_with_0() {
    if driver_is_loaded() {
        return;
    }
    for signal in ["TERM", "INT"] {
        let daemon = Daemon::start(RIGHT);
        daemon.expect("waiting for the driver");
        daemon.signal(signal);
        daemon.expect("stopping");
        daemon.expect("stopped");
        assert_eq!(daemon.exit_code(), Some(0));
    }
}

#[test]
fn takes_a_new_configuration_and_keeps_the_old_one_when_it_is_wrong() {
    if driver_is_loaded() {
        return;
    }
    let daemon = Daemon::start(RIGHT);
    daemon.expect("waiting for the driver");
    fs::write(&daemon.file, "[[rule]]\nnam = \"a\"\n").unwrap();
    daemon.signal("HUP");
    let line = daemon.expect("the configuration is wrong");
    assert!(line.contains("line=1 column=1"), "{line}");
    let line = daemon.expect("the configuration is wrong");
    assert!(line.contains("line=1 column=1"), "{line}");
    let line = daemon.expect("the configuration is wrong");
    assert!(
        line.contains("line=2 column=1") && line.contains("did you mean `name`?"),
        "{line}"
    );
    let line = daemon.expect("kept the old configuration");
    assert!(line.contains("rules=1"), "{line}");
    fs::write(&daemon.file, "").unwrap();
    daemon.signal("HUP");
    let line = daemon.expect("took the configuration");
    assert!(line.contains("rules=0"), "{line}");
    daemon.signal("TERM");
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn does_not_start_with_a_wrong_configuration() {
    let daemon = Daemon::start("[[rule]]\nname = 1\n");
    daemon.expect("the configuration is wrong");
    assert_eq!(daemon.exit_code(), Some(1));
}
