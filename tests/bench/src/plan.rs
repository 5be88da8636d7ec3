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
