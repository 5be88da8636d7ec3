//! The daemon on a machine where the driver is not loaded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use nix::sys::stat::{Mode, umask};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const RIGHT: &str = "[[rule]]\nname = \"a\"\nhook.command = [\"/bin/sh\"]\n";

/// How long anything may take; only what hangs reaches it.
const LIMIT: Duration = Duration::from_secs(30);

struct Daemon {
    child: Child,
    log: Receiver<String>,
    file: PathBuf,
    _folder: TempDir,
}

impl Daemon {
    fn start(config: &str) -> Self {
        // Nobody else can write its files, whatever mask the tests are started with.
        umask(Mode::from_bits_truncate(0o022));
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("irqcastd.toml");
        fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_irqcastd"))
            // Relative, although the daemon changes its working folder.
            .args(["run", "--state-dir", "state", "--config"])
            .arg(file.file_name().unwrap())
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            log,
            file,
            _folder: folder,
        }
    }

    /// Reads the log up to a line with `part`, and returns that line.
    fn expect(&self, part: &str) -> String {
        loop {
            let line = self
                .log
                .recv_timeout(LIMIT)
                .unwrap_or_else(|error| panic!("no line with {part:?}: {error}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    fn exit_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

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

/// These tests are about a machine without it.
fn driver_is_loaded() -> bool {
    Path::new("/sys/module/irqcast_edu").exists()
}
