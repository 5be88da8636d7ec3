//! The columns of the table, wherever it is shown.

use irqcast_bench::schema::{Distribution, Mode, PathRun, Run};

use super::{label, unit};

/// A column.
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// What it says, in a sentence.
    pub meaning: &'static str,
    /// Where room is scarce, columns with a large number go first.
    pub rank: u8,
    /// Which end is good, where one is.
    pub best: Best,
    value: fn(&PathRun) -> Option<f64>,
    text: fn(&Run, f64) -> String,
}

/// Which end of a column's values is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Best {
    /// The smallest.
    Least,
    /// The largest.
    Most,
    /// Neither.
    None,
}

/// All columns after the path's name.
pub const COLUMNS: [Column; 13] = [
    Column {
        title: "p50",
        meaning: "Latency from the raise to the return in the listener: median.",
        rank: 0,
        best: Best::Least,
        value: |path| Some(path.latency_ns.as_ref()?.p50 as f64),
        text: time,
    },
    Column {
        title: "p90",
        meaning: "The same: 90 of 100 events are not slower.",
        rank: 7,
        best: Best::Least,
        value: |path| Some(path.latency_ns.as_ref()?.p90 as f64),
        text: time,
    },
    Column {
        title: "p99",
        meaning: "The same: 99 of 100 events are not slower.",
        rank: 1,
        best: Best::Least,
        value: |path| Some(path.latency_ns.as_ref()?.p99 as f64),
        text: time,
    },
    Column {
        title: "p99.9",
        meaning: "The same: 999 of 1000 events are not slower.",
        rank: 8,
        best: Best::Least,
        value: |path| Some(path.latency_ns.as_ref()?.p999 as f64),
        text: time,
    },
    Column {
        title: "max",
        meaning: "The same: the slowest event.",
        rank: 6,
        best: Best::Least,
        value: |path| Some(path.latency_ns.as_ref()?.max as f64),
        text: time,
    },
    Column {
        title: "to handler",
        meaning: "The first part of the latency, until the handler takes its time: median.",
        rank: 9,
        best: Best::None,
        value: |path| median(path.device_to_handler_ns.as_ref()),
        text: time,
    },
    Column {
        title: "to listener",
        meaning: "The rest of the latency: median.",
        rank: 10,
        best: Best::None,
        value: |path| median(path.handler_to_listener_ns.as_ref()),
        text: time,
    },
    Column {
        title: "handler",
        meaning: "Time in the hard interrupt handler: median.",
        rank: 2,
        best: Best::Least,
        value: |path| median(path.handler_ns.as_ref()),
        text: time,
    },
    Column {
        title: "interrupt",
        meaning: "Time until the interrupted processor goes on, counted around the raise: median.",
        rank: 11,
        best: Best::Least,
        value: |path| median(path.interrupt_ns.as_ref()),
        text: time,
    },
    Column {
        title: "calls",
        meaning: "System calls of the listener for each event.",
        rank: 4,
        best: Best::Least,
        value: |path| path.syscalls_per_event,
        text: |_, value| unit::average(value),
    },
    Column {
        title: "switches",
        meaning: "Context switches of the listener for each event.",
        rank: 12,
        best: Best::Least,
        value: |path| path.context_switches_per_event,
        text: |_, value| unit::average(value),
    },
    Column {
        title: "CPU",
        meaning: "Processor time of the listener for each event.",
        rank: 5,
        best: Best::Least,
        value: |path| path.cpu_ns_per_event,
        text: time,
    },
    Column {
        title: "sustained",
        meaning: "Highest rate that was offered and delivered without a loss.",
        rank: 3,
        best: Best::Most,
        value: |path| Some(path.rate.as_ref()?.sustained_hz),
        text: |_, value| unit::rate(value),
    },
];

/// Heading of the last column, whose cells are [`told`].
pub const TOLD: &str = "loss told";

/// What [`TOLD`] says.
pub const TOLD_MEANING: &str = "Whether the listener learns how many events it missed.";

impl Column {
    /// The figure of this path, if it has one.
    pub fn value(&self, path: &PathRun) -> Option<f64> {
        (self.value)(path)
    }

    /// The cell of this path; empty where it has no such figure.
    pub fn cell(&self, run: &Run, path: &PathRun) -> String {
        self.value(path)
            .map_or_else(String::new, |value| (self.text)(run, value))
    }

    /// A value of this column as a cell shows it.
    pub fn format(&self, run: &Run, value: f64) -> String {
        (self.text)(run, value)
    }

    /// Whether any path of this run has such a figure.
    pub fn is_used(&self, run: &Run) -> bool {
        run.paths.iter().any(|path| self.value(path).is_some())
    }

    /// Whether no other path is better. A path without a listener does not compete.
    pub fn is_best(&self, run: &Run, path: &PathRun) -> bool {
        let competes = |path: &&PathRun| path.latency_ns.is_some();
        let values = run
            .paths
            .iter()
            .filter(competes)
            .filter_map(|path| self.value(path));
        let best = match self.best {
            Best::Least => values.reduce(f64::min),
            Best::Most => values.reduce(f64::max),
            Best::None => None,
        };
        competes(&path) && best.is_some() && best == self.value(path)
    }
}

/// The cell of a path in the column [`TOLD`].
pub fn told(path: &PathRun) -> &'static str {
    match path.overrun_told {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

/// How many times the reference's median latency the path's is; empty without either.
pub fn compared(run: &Run, path: &PathRun) -> String {
    let p50 = |path: &PathRun| path.latency_ns.as_ref().map(|latency| latency.p50 as f64);
    let reference = label::reference(run).and_then(p50);
    let ratio = p50(path)
        .zip(reference)
        .and_then(|(value, base)| unit::ratio(value, base));
    ratio.unwrap_or_default()
}

/// Heading of the column whose cells are [`compared`].
pub const COMPARED: &str = "relative";

/// What [`COMPARED`] says.
pub const COMPARED_MEANING: &str = "Median latency as a multiple of netlink-multicast's.";

/// What a run says about the unit of its times.
pub fn times_are(mode: Mode) -> &'static str {
    match mode {
        Mode::Icount => {
            "Times are instructions of the guest's one processor, so they say how much has to be \
             done, not how long it takes."
        }
        Mode::Wall => "Times are those of the guest's clock.",
    }
}

fn time(run: &Run, nanoseconds: f64) -> String {
    unit::time(run.mode, nanoseconds)
}

fn median(distribution: Option<&Distribution>) -> Option<f64> {
    distribution.map(|distribution| distribution.p50 as f64)
}
