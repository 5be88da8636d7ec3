//! A daemon to test from the outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "no test program needs all of it, and some need it whole"
)]

use nix::sys::stat::{Mode, umask};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A configuration with nothing wrong.
pub const RIGHT: &str = "[[rule]]\nname = \"a\"\nhook.command = [\"/bin/sh\"]\n";

/// How long anything may take; only what hangs reaches it.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A daemon with a folder of its own, where its configuration and its state are.
pub struct Daemon {
    child: Child,
    log: Receiver<String>,
    /// Its configuration.
    pub file: PathBuf,
    folder: TempDir,
}

impl Daemon {
    /// Starts it with this configuration, where FOLDER stands for its folder.
    pub fn start(config: &str) -> Self {
        Self::start_with(config, &[], |_| {})
    }

    /// The same with these arguments, and what `prepare` changes of the command.
    pub fn start_with(
        config: &str,
        arguments: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        // The state's folder is relative, although the daemon changes its working folder.
        let arguments = [&["--state-dir", "state"], arguments].concat();
        Self::run(config, &arguments, prepare)
    }

    /// Starts it with these arguments and no state.
    pub fn start_without_state(config: &str, arguments: &[&str]) -> Self {
        Self::run(config, arguments, |_| {})
    }

    fn run(config: &str, arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        // Nobody else can write its files, whatever mask the tests are started with.
        umask(Mode::from_bits_truncate(0o022));
        let folder = TempDir::new().unwrap();
        // One of its own for each, and none on the machine.
        let control = match config.contains("[control]") {
            true => String::new(),
            false => "control.socket = \"FOLDER/control\"\n".to_owned(),
        };
        let text = (control + config).replace("FOLDER", folder.path().to_str().unwrap());
        let file = folder.path().join("irqcastd.toml");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_irqcastd"));
        command
            .args(["run", "--config"])
            .arg(file.file_name().unwrap())
            .current_dir(folder.path())
            .args(arguments)
            .stderr(Stdio::piped());
        prepare(&mut command);
        let mut child = command.spawn().unwrap();
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
            folder,
        }
    }

    /// Reads the log up to a line with `part`, and returns that line.
    pub fn expect(&self, part: &str) -> String {
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

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub fn exit_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Path of a file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tries until `what` is there; only what hangs reaches the limit.
pub fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// These tests are about a machine without it.
pub fn driver_is_loaded() -> bool {
    Path::new("/sys/module/irqcast_edu").exists()
}
