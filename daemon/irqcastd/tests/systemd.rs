//! What the daemon tells a service manager, with a socket in its place.

mod common;

use common::{Daemon, LIMIT, RIGHT, driver_is_loaded};
use std::fs;
use std::os::unix::net::UnixDatagram;
use tempfile::TempDir;

struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(LIMIT)).expect("a limit");
        Self { socket, folder }
    }

    /// Starts a daemon that this one manages, with these variables.
    fn start(&self, variables: &[(&str, &str)]) -> Daemon {
        Daemon::start_with(RIGHT, &[], |command| {
            command
                .env("NOTIFY_SOCKET", self.folder.path().join("notify"))
                .envs(variables.iter().copied());
        })
    }

    /// The next message, line by line.
    fn next(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("a message");
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn readiness_reload_and_end_are_told() {
    if driver_is_loaded() {
        return;
    }
    let manager = Manager::new();
    let daemon = manager.start(&[]);
    assert_eq!(
        manager.next(),
        ["READY=1", "STATUS=waits for the driver; 1 rule"]
    );
    fs::write(&daemon.file, "").expect("written");
    for rules in ["STATUS=waits for the driver; 0 rules"; 2] {
        daemon.signal("HUP");
        let reloading = manager.next();
        assert_eq!((reloading.len(), reloading[0].as_str()), (2, "RELOADING=1"));
        let time = reloading[1]
            .strip_prefix("MONOTONIC_USEC=")
            .expect("the time");
        assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{time}");
        assert_eq!(manager.next(), ["READY=1", rules]);
        // What is wrong keeps the old one, and that is told as ready, too.
        fs::write(&daemon.file, "wrong").expect("written");
    }
    daemon.signal("TERM");
    assert_eq!(manager.next(), ["STOPPING=1"]);
    assert_eq!(
        manager.next(),
        ["STATUS=waits for running hooks to end; 0 rules"]
    );
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn wrong_configuration_is_never_ready() {
    let manager = Manager::new();
    let daemon = Daemon::start_with("wrong", &[], |command| {
        command.env("NOTIFY_SOCKET", manager.folder.path().join("notify"));
    });
    assert_eq!(daemon.exit_code(), Some(1));
    manager.socket.set_nonblocking(true).expect("set");
    assert!(manager.socket.recv(&mut [0; 1]).is_err());
}

#[test]
fn watchdog_is_told_again_and_again_only_where_it_asks() {
    if driver_is_loaded() {
        return;
    }
    let manager = Manager::new();
    let _daemon = manager.start(&[("WATCHDOG_USEC", "200000")]);
    assert_eq!(manager.next()[0], "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.next(), ["WATCHDOG=1"]);
    }
}
