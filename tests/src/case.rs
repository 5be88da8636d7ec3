//! What a test is: a name, the machine that it needs, and a function that judges.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::kernel_log::KernelLog;
use crate::subject::{self, Subject};

/// How the device under test signals its interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A message signaled interrupt, the driver's first choice.
    Msi,
    /// A level on a line that the first two devices share.
    Intx,
}

impl Mode {
    /// Both ways, for tests that must pass with each.
    pub const BOTH: [Self; 2] = [Self::Msi, Self::Intx];

    /// The module parameter that chooses it, or none.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Msi => "",
            Self::Intx => "msi=0",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Msi => "msi",
            Self::Intx => "intx",
        })
    }
}

/// What runs in a virtual machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guest {
    /// The testbed's PID 1 and busybox. The test loads the driver.
    Minimal,
    /// Debian with systemd and udev, which loads the driver.
    Debian,
}

/// The virtual machine that a test needs. Tests with equal machines share one.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// What runs on it.
    pub guest: Guest,
    /// Number of edu devices, which get the instances 0, 1, ….
    pub devices: u8,
    /// Further QEMU devices, as the values of `-device`.
    pub extra: Vec<&'static str>,
    /// Added to the kernel's command line.
    pub append: &'static str,
    /// Memory of the guest in MiB.
    pub memory_mib: u32,
    /// Extra initramfs layers by name.
    pub layers: Vec<&'static str>,
    /// Whether it has a disk with an empty file system, `/dev/nvme0n1`, that outlives its boots.
    pub disk: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            guest: Guest::Minimal,
            devices: 2,
            extra: Vec::new(),
            append: "",
            memory_mib: 512,
            layers: Vec::new(),
            disk: false,
        }
    }
}

/// The long form of a test: the same, but more often.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Soak {
    /// What [`crate::amount::count`] returns, unless the person wants another count.
    pub count: u64,
    /// Seconds after which so many are taken to hang; other counts get as many more or less.
    pub timeout_s: u32,
}

/// One test.
pub struct Case {
    /// Full name: subject, mode where it matters, behaviour.
    pub name: String,
    /// What it runs on.
    pub machine: Machine,
    /// Kernels that it makes sense on; empty for all.
    pub kernels: &'static [&'static str],
    /// Seconds after which the test is taken to hang. Generous: it is there to stop a
    /// hang on the slowest machine, not to measure.
    pub timeout_s: u32,
    /// Parts of kernel messages of level warning or above that the test provokes.
    pub expected_log: &'static [&'static str],
    /// Its long form, where it has one.
    pub soak: Option<Soak>,
    body: Box<dyn Fn() -> Result<()>>,
}

impl Case {
    /// A test that runs `body` on the default machine and provokes no kernel message.
    pub fn new(name: impl Into<String>, body: impl Fn() -> Result<()> + 'static) -> Self {
        Self {
            name: name.into(),
            machine: Machine::default(),
            kernels: &[],
            timeout_s: 120,
            expected_log: &[],
            soak: None,
            body: Box::new(body),
        }
    }

    /// The same test once for MSI and once for INTx, named `topic::mode::behaviour`.
    pub fn for_both(topic: &str, behaviour: &str, body: fn(Mode) -> Result<()>) -> Vec<Self> {
        Mode::BOTH
            .into_iter()
            .map(|mode| Self::new(format!("{topic}::{mode}::{behaviour}"), move || body(mode)))
            .collect()
    }

    /// A test that any driver on the core has to pass, with this one: once for each way in which its
    /// device can interrupt. Named `topic::mode::behaviour` after the driver's prefix, without the mode
    /// where there is but one.
    pub fn for_each_mode(
        subject: &'static Subject,
        topic: &str,
        behaviour: &str,
        body: fn(&'static Subject, Mode) -> Result<()>,
    ) -> Vec<Self> {
        let name = |mode| match subject.modes.len() {
            1 => format!("{}{topic}::{behaviour}", subject.prefix),
            _ => format!("{}{topic}::{mode}::{behaviour}", subject.prefix),
        };
        let case = |&mode| Self::new(name(mode), move || body(subject, mode));
        subject.modes.iter().map(case).collect()
    }

    /// The same, but only for the way in which its device interrupts by default.
    pub fn for_subject(
        subject: &'static Subject,
        topic: &str,
        behaviour: &str,
        body: fn(&'static Subject, Mode) -> Result<()>,
    ) -> Self {
        let name = format!("{}{topic}::{behaviour}", subject.prefix);
        Self::new(name, move || body(subject, subject.modes[0]))
    }

    /// Changes the machine.
    pub fn on(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Allows more time than usual, in seconds.
    pub fn within(mut self, timeout_s: u32) -> Self {
        self.timeout_s = timeout_s;
        self
    }

    /// Gives it a long form, with a count of its own and a time limit in seconds for that count.
    pub fn soak(mut self, count: u64, timeout_s: u32) -> Self {
        self.soak = Some(Soak { count, timeout_s });
        self
    }

    /// Names kernel messages that the test provokes on purpose.
    pub fn provoking(mut self, messages: &'static [&'static str]) -> Self {
        self.expected_log = messages;
        self
    }

    /// Restricts the test to some kernels.
    pub fn only_on(mut self, kernels: &'static [&'static str]) -> Self {
        self.kernels = kernels;
        self
    }

    /// The line that `--list` prints.
    pub fn description(&self) -> String {
        serde_json::json!({
            "name": self.name,
            "machine": self.machine,
            "kernels": self.kernels,
            "timeout_s": self.timeout_s,
            "soak": self.soak,
        })
        .to_string()
    }

    /// Runs the test from a clean state, and fails it too when the kernel complained. In a Debian guest
    /// the driver is udev's to load, and stays.
    pub fn run(&self) -> Result<()> {
        let clean = || match self.machine.guest {
            Guest::Minimal => subject::ALL
                .iter()
                .try_for_each(|subject| subject.unload_if_loaded()),
            Guest::Debian => Ok(()),
        };
        clean().context("failed to clean up after an earlier test")?;
        let mut log = KernelLog::from_now()?;
        let outcome = (self.body)();
        let cleaned = clean();
        let complaints = log.complaints(self.expected_log)?;
        outcome?;
        cleaned.context("failed to unload the driver after the test")?;
        if !complaints.is_empty() {
            bail!("the kernel complained:\n{}", complaints.join("\n"));
        }
        let missing = log.missing(self.expected_log);
        if !missing.is_empty() {
            bail!("the kernel log lacks what the test provokes: {missing:?}");
        }
        Ok(())
    }
}
