//! The daemon and its peers: what `cargo testbed bench --daemon` asks the guest's program for, and
//! the object that it writes with `--json`.
//!
//! All times are nanoseconds of the guest's clock.

use serde::{Deserialize, Serialize};

use crate::schema::{Distribution, Kernel, Machine, Skipped};

/// Version of [`Run`]. It grows when a key changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// Names of all that are measured, in the order of the results. The first is the daemon as a person
/// sets it up who says nothing about order.
pub const NAMES: [&str; 6] = [
    "irqcastd",
    "irqcastd-free",
    "floor",
    "udevd",
    "mdev",
    "acpid",
];

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Latencies of each, after the warm-up. They are shared out to the rounds.
    pub samples: u32,
    /// How often each has its turn, in an order of its own each time.
    pub rounds: u32,
    /// Events of each turn that come before those that count.
    pub warm_up: u32,
    /// Hooks of each round that the rate is taken of, at least.
    pub hooks: u32,
    /// Milliseconds of each round for which the rate is taken, at least.
    #[serde(default)]
    pub rate_ms: u32,
    /// Events of a burst.
    pub burst: u32,
    /// Seconds after which a burst is looked at, whatever is still to do.
    pub burst_limit_s: u32,
    /// Seconds for which a hook sleeps that is to.
    #[serde(default)]
    pub asleep_s: u32,
    /// Decides the order.
    pub seed: u64,
    /// Which of [`NAMES`] are measured; none: all of them.
    #[serde(default)]
    pub only: Vec<String>,
    /// Latency and rate only.
    #[serde(default)]
    pub quick: bool,
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
    /// Figures of a peer.
    Peer(Box<Peer>),
    /// What a kind of confinement costs.
    Confinement(Confinement),
    /// A peer that could not be measured, or a part of it.
    Skipped(Skipped),
    /// The end: everything was measured.
    Done,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`VERSION`].
    pub schema: u32,
    /// The guest's kernel.
    pub kernel: Kernel,
    /// What the guest ran on.
    pub machine: Machine,
    /// Versions of the peers' packages.
    pub packages: Vec<String>,
    /// What was measured.
    pub plan: Plan,
    /// When the run started, in seconds since 1970.
    pub started: u64,
    /// How long it took, in seconds of the host.
    pub seconds: f64,
    /// The daemon, the floor and the peers.
    pub peers: Vec<Peer>,
    /// What each kind of confinement costs a hook of irqcastd. The first is none.
    pub confinement: Vec<Confinement>,
    /// What could not be measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

/// One that runs hooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// One of [`NAMES`].
    pub name: String,
    /// From just before the event is given to the kernel to the hook's first instruction.
    pub latency_ns: Distribution,
    /// Hooks a second while some events always wait: the median of the rounds.
    pub hooks_hz: f64,
    /// Resident memory of its processes, without hooks, before the first event that counts, in KiB.
    pub rest_kib: u64,
    /// The same, where each page that several processes share counts once for all of them (PSS).
    pub rest_pss_kib: u64,
    /// What a hook that sleeps does to the next ones.
    pub sleeper: Option<Sleeper>,
    /// What many events at once do.
    pub burst: Option<Burst>,
}

/// What a hook that sleeps ([`Plan::asleep_s`]) does to those of the events after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sleeper {
    /// Median latency just before.
    pub before_ns_p50: u64,
    /// Latency of the first event after the sleeper was started.
    pub next_ns: u64,
    /// Median latency of the events while it slept, if there was any hook then.
    pub asleep_ns_p50: Option<u64>,
    /// How many of these there were.
    pub samples: u32,
}

/// What many events at once do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Events.
    pub events: u32,
    /// Of these, how many had their hook.
    pub hooks: u32,
    /// Of these, how many were told as lost.
    pub told: u32,
    /// From the first event to the last hook, in seconds.
    pub seconds: f64,
    /// Whether it was quiet at the end, or else the time was over.
    pub finished: bool,
    /// Resident memory of its processes at most, without hooks, in KiB: the sum of what each has had
    /// at its peak.
    pub peak_kib: u64,
    /// Its processes at most, with hooks, as seen from time to time.
    pub processes: u32,
}

/// What a kind of confinement costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confinement {
    /// What is confined.
    pub name: String,
    /// From just before the event to the hook's first instruction.
    pub latency_ns: Distribution,
}
