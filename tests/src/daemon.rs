//! The daemon under test, with a configuration and hooks of its own in a new folder.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::wait;

/// Path of the daemon in the guest.
pub const PROGRAM: &str = "/bin/irqcastd";

/// Name of the folder for what the daemon remembers.
pub const STATE: &str = "state";

/// A hook that leaves what it was given in a file of its own, `RULE.DEVICE.SEQ`: its
/// environment, sorted, and then its standard input. The file appears whole.
const RECORDING_HOOK: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
name=$IRQCAST_RULE.$IRQCAST_DEVICE.$IRQCAST_SEQ
{ env | grep ^IRQCAST_ | sort; cat; } > "new.$name" && mv "new.$name" "ran.$name"
echo "$IRQCAST_RULE $IRQCAST_DEVICE $IRQCAST_SEQ" >> order
echo "hook of $IRQCAST_RULE saw $IRQCAST_SEQ"
"#;

/// A folder with a configuration and a hook.
pub struct Setup {
    folder: PathBuf,
    /// Removes the folder in the end.
    _temporary: Option<TempDir>,
}

impl Setup {
    /// Makes a folder with the recording hook in it, and removes it in the end.
    pub fn new() -> Result<Self> {
        let temporary = tempfile::tempdir()?;
        let setup = Self {
            folder: temporary.path().to_owned(),
            _temporary: Some(temporary),
        };
        setup.script("record", RECORDING_HOOK)?;
        Ok(setup)
    }

    /// Takes a folder as it is, and lets it stay.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            _temporary: None,
        }
    }

    /// Path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes an executable script and returns its path.
    pub fn script(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    /// A rule of that name with conditions in TOML, whose hook is the recording one.
    pub fn rule(&self, name: &str, conditions: &str) -> String {
        self.rule_running(name, conditions, &self.path("record"))
    }

    /// The same with another program as hook, which may take as long as a loaded machine does.
    pub fn rule_running(&self, name: &str, conditions: &str, program: &Path) -> String {
        format!(
            "[[rule]]\nname = {name:?}\nmatch = {{ {conditions} }}\n\
             hook = {{ command = [{program:?}], time-limit = \"none\" }}\n\n"
        )
    }

    /// Writes the configuration and returns its path.
    pub fn configure(&self, rules: &[String]) -> Result<PathBuf> {
        let path = self.path("irqcastd.toml");
        fs::write(&path, rules.concat())?;
        Ok(path)
    }

    /// Waits for the recording hook of a rule to have run for an event, and returns what it
    /// was given, line by line.
    pub fn ran(&self, rule: &str, device: u32, seq: u64) -> Result<Vec<String>> {
        let path = self.path(&format!("ran.{rule}.{device}.{seq}"));
        wait::until(&format!("the hook of {rule} for event {seq}"), || {
            Ok(path.exists().then_some(()))
        })?;
        Ok(fs::read_to_string(path)?
            .lines()
            .map(str::to_owned)
            .collect())
    }

    /// Writes the configuration with limits in front, as TOML.
    pub fn configure_limited(&self, limits: &str, rules: &[String]) -> Result<PathBuf> {
        let path = self.configure(rules)?;
        let rules = fs::read_to_string(&path)?;
        fs::write(&path, format!("[limits]\n{limits}\n\n{rules}"))?;
        Ok(path)
    }

    /// Path of the file that holds what the daemon remembers.
    pub fn state(&self) -> PathBuf {
        self.path(STATE).join("state.json")
    }

    /// What is remembered of a device's last life: its object in the file, once `is_so` of it.
    pub fn remembered(&self, device: u32, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        wait::until("the daemon to write its state", || {
            let state: Value = serde_json::from_slice(&fs::read(self.state())?)?;
            let lives = state["lives"]
                .as_array()
                .context("the state has no lives")?;
            let of_device = lives.iter().filter(|life| life["device"] == device);
            let last = of_device.max_by_key(|life| life["incarnation"].as_u64());
            Ok(last.map(|life| life["life"].clone()).filter(&is_so))
        })
        .with_context(|| format!("the state is {:?}", fs::read_to_string(self.state())))
    }

    /// Waits until the state says that all hooks for the device's events up to `seq` have ended.
    pub fn until_finished(&self, device: u32, seq: u64) -> Result<()> {
        self.remembered(device, |life| {
            life["taken"] == seq
                && life["rules"]
                    .as_object()
                    .is_some_and(serde_json::Map::is_empty)
        })
        .map(drop)
    }

    /// What the recording hook has run for so far: rule, device and sequence number, in the
    /// order of running.
    pub fn order(&self) -> Result<Vec<String>> {
        match fs::read_to_string(self.path("order")) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A running daemon. Dropping it kills it.
pub struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    /// Starts the daemon and waits until it says `message`. Its memory is beside the configuration.
    pub fn start_until(configuration: &Path, message: &str) -> Result<Self> {
        let state = configuration.with_file_name(STATE);
        let arguments = ["--state-dir".as_ref(), state.as_os_str()];
        Self::start_with(configuration, &arguments, message)
    }

    /// Starts the daemon with these arguments, and waits until it says `message`.
    pub fn start_with(configuration: &Path, arguments: &[&OsStr], message: &str) -> Result<Self> {
        let mut child = Command::new(PROGRAM)
            .arg("run")
            .args(arguments)
            .arg("--config")
            .arg(configuration)
            .stderr(Stdio::piped())
            .spawn()
            .context("failed to run irqcastd")?;
        let output = child.stderr.take().context("the daemon has no output")?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(mut log) = written.lock() {
                    log.push(line);
                }
            }
        });
        let daemon = Self { child, log };
        daemon.says(message)?;
        Ok(daemon)
    }

    /// Starts the daemon and waits until it receives events.
    pub fn start(configuration: &Path) -> Result<Self> {
        Self::start_until(configuration, "ready")
    }

    /// The log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().map(|log| log.clone()).unwrap_or_default()
    }

    /// Waits until the log has a line with `message`, and returns that line.
    pub fn says(&self, message: &str) -> Result<String> {
        self.says_times(message, 1)
    }

    /// Waits until the log has `times` lines with `message`, and returns the last of them.
    pub fn says_times(&self, message: &str, times: usize) -> Result<String> {
        wait::until(&format!("the daemon to say {message:?}"), || {
            Ok(self
                .log()
                .into_iter()
                .filter(|line| line.contains(message))
                .nth(times - 1))
        })
        .with_context(|| format!("the log is:\n{}", self.log().join("\n")))
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the daemon.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?;
        Ok(())
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Sends SIGTERM, and waits for the end, which must be a clean one.
    pub fn stop(mut self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.wait()?;
        ensure!(
            status.success(),
            "the daemon ended with {status}:\n{}",
            self.log().join("\n")
        );
        Ok(())
    }

    /// Sends SIGKILL, and waits for the end. The hooks that run go on.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Memory that the daemon occupies, in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let size = self.status("VmRSS:")?;
        Ok(size.strip_suffix(" kB").context("no kB")?.parse()?)
    }

    /// How often the daemon has gone to sleep.
    pub fn wake_ups(&self) -> Result<u64> {
        Ok(self.status("voluntary_ctxt_switches:")?.parse()?)
    }

    /// What the kernel says of the process under this name.
    fn status(&self, name: &str) -> Result<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        Ok(value
            .with_context(|| format!("no {name}"))?
            .trim()
            .to_owned())
    }

    /// Waits for the daemon to end by itself.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        wait::until("the daemon to end", || Ok(self.child.try_wait()?))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only where the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
