//! The object that `cargo testbed bench --json` writes.
//!
//! Keys that do not apply to a path are absent. All times are in nanoseconds; in the mode
//! `icount` a nanosecond of the guest is one instruction of its processor.

use serde::{Deserialize, Serialize};

pub use crate::distribution::Distribution;

/// Version of this object. It grows when a key changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// One run of the benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`VERSION`].
    pub schema: u32,
    /// The guest's kernel.
    pub kernel: Kernel,
    /// What the guest ran on.
    pub machine: Machine,
    /// Which clock the figures are of.
    pub mode: Mode,
    /// Seed of the order in which the paths were measured.
    pub seed: u64,
    /// Latency samples for each path, after the warm-up.
    pub samples: u32,
    /// Samples that were discarded before these.
    pub warm_up: u32,
    /// When the run started, in seconds since 1970.
    pub started: u64,
    /// How long it took, in seconds of the host.
    pub seconds: f64,
    /// Each path, in a fixed order, whatever the order of measuring was.
    pub paths: Vec<PathRun>,
    /// Interrupts a second with nothing to wait for, by what the handler does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storms: Vec<Storm>,
    /// Paths that were asked for and could not be measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

/// The guest's kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// `stock`, `debug` or `custom`.
    pub name: String,
    /// What `uname -r` prints.
    pub release: String,
    /// What `uname -v` prints.
    pub version: String,
    /// Its command line.
    pub command_line: String,
}

/// What the guest ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `TCG` or `KVM`.
    pub accelerator: String,
    /// First line of QEMU's `--version`.
    pub qemu: String,
    /// Processors of the guest.
    pub processors: u32,
    /// Memory of the guest, in MiB.
    pub memory_mib: u32,
    /// Model of the host's processor, as `/proc/cpuinfo` names it.
    pub host_processor: String,
    /// Processors of the host that the testbed may use.
    pub host_processors: u32,
}

/// Which clock the figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The host's: two processors, as fast as they go.
    Wall,
    /// QEMU's count of instructions on one processor: the same build gives the same figures.
    Icount,
}

impl Mode {
    /// As in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Icount => "icount",
        }
    }
}

/// How a listener waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Listener {
    /// In the system call that brings the event.
    #[serde(rename = "blocking")]
    Blocking,
    /// In `epoll_wait`, and then it takes the event.
    #[serde(rename = "epoll")]
    Epoll,
    /// In `io_uring_enter`, which brings the event.
    #[serde(rename = "io_uring")]
    IoUring,
    /// Not at all: it looks again and again.
    #[serde(rename = "spin")]
    Spin,
    /// There is none.
    #[serde(rename = "none")]
    None,
}

impl Listener {
    /// As in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Epoll => "epoll",
            Self::IoUring => "io_uring",
            Self::Spin => "spin",
            Self::None => "none",
        }
    }
}

/// One path with one kind of listener. A path comes once for each kind that it allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathRun {
    /// Name of the path, such as `netlink-multicast`.
    pub name: String,
    /// How the listener waits.
    pub listener: Listener,
    /// Context that netlink messages were sent from (`hard`, `bh`, `thread`), where it is one
    /// that was chosen for this measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// From just before the store that raises to the return in the listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns: Option<Distribution>,
    /// The first part of that: until the handler takes its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_to_handler_ns: Option<Distribution>,
    /// The rest of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_to_listener_ns: Option<Distribution>,
    /// Time in the hard interrupt handler, from its time stamp to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_ns: Option<Distribution>,
    /// From the store that raises until the raising processor goes on, where there is one
    /// processor: the interrupt as a whole. It is comparable between all paths and peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupt_ns: Option<Distribution>,
    /// System calls of the listener for each event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syscalls_per_event: Option<f64>,
    /// Times that the listener's thread left its processor, for each event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_switches_per_event: Option<f64>,
    /// Processor time of the listener's thread for each event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns_per_event: Option<f64>,
    /// Whether the listener can tell that it missed events, and how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrun_told: Option<bool>,
    /// What happens at rates that grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// What happens when interrupts come as fast as they can, for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bursts: Vec<Burst>,
    /// What more listeners cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fanout: Vec<FanOut>,
    /// What listeners of others on the same subsystem cost: generic netlink sockets that
    /// joined a group of another family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bystanders: Vec<FanOut>,
    /// How long the handler waits for those who come and go meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<Joining>,
    /// What larger events cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payload: Vec<Payload>,
}

/// What happens at rates that grow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The highest rate that was offered and delivered without a loss.
    pub sustained_hz: f64,
    /// Each rate that was offered.
    pub points: Vec<RatePoint>,
}

/// One rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// Raises a second that the raiser aimed at.
    pub offered_hz: f64,
    /// Raises.
    pub raised: u64,
    /// Interrupts that the handler saw: the device merges raises that it did not see in time.
    pub interrupts: u64,
    /// Events that the listener got.
    pub delivered: u64,
    /// Events that it did not get.
    pub lost: u64,
    /// Of these, how many it was told of.
    pub told: u64,
    /// Time from the first raise to the last event, in nanoseconds.
    pub duration_ns: u64,
}

/// Interrupts as fast as they can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// How many raises.
    pub size: u64,
    /// Events that the listener got.
    pub delivered: u64,
    /// Raises of which it got no event, also where the device or a driver merged them.
    pub lost: u64,
    /// Of these, how many it was told of.
    pub told: u64,
    /// From the first raise to the last event.
    pub duration_ns: u64,
}

/// Several listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FanOut {
    /// How many.
    pub listeners: u32,
    /// Median time in the handler, which wakes them all up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_ns_p50: Option<u64>,
    /// The same where none of them sleeps, so that none is woken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_awake_ns_p50: Option<u64>,
    /// Median time from the raise to the return in the last listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns_p50: Option<u64>,
    /// Events that all listeners got, together.
    pub delivered: u64,
    /// Events that they did not get, together.
    pub lost: u64,
    /// Of these, how many they were told of.
    pub told: u64,
}

/// The handler, while another processor opens sockets that join its group and closes them again,
/// without a pause. That takes the lock of the table of sockets, for which a broadcast waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Sockets that came and went.
    pub sockets: u64,
    /// Time in the handler when none did.
    pub quiet_ns: Distribution,
    /// Time in the handler while they did.
    pub handler_ns: Distribution,
}

/// Larger events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// Bytes that each event carries beside what it always has.
    pub bytes: u32,
    /// Median latency.
    pub latency_ns_p50: u64,
    /// Median time in the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_ns_p50: Option<u64>,
}

/// Interrupts with nothing to wait for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Storm {
    /// What the handler does: `off`, `hard`, `bh` or `thread`, the last three with one
    /// listener of the multicast.
    pub name: String,
    /// Raises.
    pub raised: u64,
    /// Interrupts that the handler saw.
    pub interrupts: u64,
    /// Events that the listener got.
    pub delivered: u64,
    /// Interrupts a second.
    pub interrupts_hz: f64,
    /// Events a second that the listener got.
    pub delivered_hz: f64,
}

/// A path that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Name of the path.
    pub name: String,
    /// Why.
    pub reason: String,
}
