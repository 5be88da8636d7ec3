//! What the daemon does at one moment.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counters by their names in the metrics, such as `irqcast_events_received_total`.
pub type Counters = BTreeMap<String, u64>;

/// What the daemon does at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the daemon.
    pub version: String,
    /// Its process ID.
    pub pid: u32,
    /// How long it has run, in milliseconds.
    pub uptime_ms: u64,
    /// Whether the driver is there, and its events are received.
    pub joined: bool,
    /// Whether no event is taken, because too many hooks wait.
    pub holding_back: bool,
    /// Whether it is about to end.
    pub stopping: bool,
    /// Whether it only tells what it would run.
    pub dry_run: bool,
    /// The configuration's path.
    pub config: String,
    /// How many rules it has.
    pub rules: usize,
    /// What waits and runs of each rule, in the order of their names.
    pub queues: Vec<Queue>,
    /// The hooks that run, the oldest first.
    pub running: Vec<Running>,
    /// What was counted since the start.
    pub counters: Counters,
    /// The last hooks that failed, the newest first.
    pub failures: Vec<Failure>,
}

/// What waits and runs of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Name of the rule.
    pub rule: String,
    /// Hooks that wait.
    pub waiting: u64,
    /// Hooks that run.
    pub running: u64,
    /// Hooks that were started since the daemon was.
    pub started: u64,
    /// Hooks that failed, ended by a signal or could not be started.
    pub failed: u64,
}

/// A hook that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process ID.
    pub pid: i32,
    /// Name of its rule.
    pub rule: String,
    /// Instance number of the device, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u32>,
    /// Sequence number of its event, or the last one of its loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// How long it has run, in milliseconds.
    pub age_ms: u64,
}

/// A hook that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Name of its rule.
    pub rule: String,
    /// Instance number of the device, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u32>,
    /// Sequence number of its event, or the last one of its loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// How it failed: `exit status 3`, `SIGKILL`, or why it was not started.
    pub what: String,
    /// How long ago, in milliseconds.
    pub age_ms: u64,
}
