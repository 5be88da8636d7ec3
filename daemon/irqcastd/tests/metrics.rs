//! The file with metrics, from the outside.

mod common;

use common::{Daemon, RIGHT, driver_is_loaded, until};
use std::fs;

#[test]
fn file_appears_and_follows_what_happens() {
    if driver_is_loaded() {
        return;
    }
    let config = format!("[metrics]\nfile = \"FOLDER/a.prom\"\ninterval = 1\n{RIGHT}");
    let daemon = Daemon::start(&config);
    let says = |line: &str| {
        until(line, || {
            let text = fs::read_to_string(daemon.path("a.prom")).ok()?;
            text.lines().any(|found| found == line).then_some(())
        });
    };
    says("irqcast_hooks_started_total{rule=\"a\"} 0");
    says("irqcast_driver_joined 0");
    daemon.signal("HUP");
    says("irqcast_reloads_total 1");
    fs::write(&daemon.file, "wrong").unwrap();
    daemon.signal("HUP");
    says("irqcast_reloads_refused_total 1");
    daemon.signal("TERM");
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn last_changes_are_written_at_the_end() {
    if driver_is_loaded() {
        return;
    }
    let config = format!("[metrics]\nfile = \"FOLDER/a.prom\"\ninterval = 3600\n{RIGHT}");
    let daemon = Daemon::start(&config);
    let file = daemon.path("a.prom");
    until("the first file", || file.exists().then_some(()));
    daemon.signal("HUP");
    daemon.expect("took the configuration");
    daemon.signal("TERM");
    daemon.expect("stopped");
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("\nirqcast_reloads_total 1\n"), "{text}");
}

#[test]
fn folder_that_is_not_there_is_told_and_harms_nothing() {
    if driver_is_loaded() {
        return;
    }
    let config = format!("[metrics]\nfile = \"FOLDER/none/a.prom\"\n{RIGHT}");
    let daemon = Daemon::start(&config);
    let line = daemon.expect("cannot write the metrics");
    assert!(line.contains("none/a.prom"), "{line}");
    daemon.signal("TERM");
    assert_eq!(daemon.exit_code(), Some(0));
}
