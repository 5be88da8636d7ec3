//! What the testbed tells the guest's program, and what that answers.

use serde::{Deserialize, Serialize};

use crate::schema::{Mode, PathRun, Skipped, Storm};

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which clock the guest has.
    pub mode: Mode,
    /// Names of the paths; empty for all.
    pub paths: Vec<String>,
    /// Latency samples of each path.
    pub samples: u32,
    /// Samples before these, which are discarded.
    pub warm_up: u32,
    /// Decides the order.
    pub seed: u64,
    /// Whether to measure latency only, and neither rates nor bursts nor many listeners.
    pub latency_only: bool,
    /// The driver, if it is not edu's. Then only [`OF_THE_CORE`](crate::catalogue::OF_THE_CORE) can be measured.
    #[serde(default)]
    pub target: Option<Target>,
}

/// Another driver than edu's, on the same core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its module, which has the name of its PCI driver.
    pub module: String,
    /// Its generic netlink family.
    pub family: String,
    /// What makes its device interrupt.
    pub raise: Raise,
}

/// A register, and what to write to it so that the device interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// Its BAR, from 0 to 5, which has to be one of memory.
    pub bar: u8,
    /// Its offset in the BAR, in bytes: a multiple of four.
    pub offset: u32,
    /// What to write.
    pub value: u32,
}

/// A line of the program's standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// What it begins now, and how much of all that is.
    Progress {
        /// Parts that are done.
        done: u32,
        /// All parts.
        of: u32,
        /// What comes next, in a few words.
        what: String,
    },
    /// A path, with a part of its figures. Parts of one path and listener belong together.
    Path(Box<PathRun>),
    /// A path that cannot be measured.
    Skipped(Skipped),
    /// A storm.
    Storm(Storm),
    /// The end: everything was measured.
    Done,
}
