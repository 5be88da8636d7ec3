//! Names of what was measured, and which of it belongs together.

use irqcast_bench::schema::{Listener, PathRun, Run};

/// The path that all others are compared with.
pub const REFERENCE: &str = "netlink-multicast";

/// Paths that are of one kind, and so share a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Its heading.
    pub title: &'static str,
    names: &'static [&'static str],
}

/// All groups, in the order in which they are shown.
pub const GROUPS: [Group; 4] = [
    Group {
        title: "Netlink",
        names: &["netlink-multicast", "netlink-unicast", "twin"],
    },
    Group {
        title: "Device node, mapped ring and socket options",
        names: &[
            "chardev-read",
            "chardev-poll",
            "mmap",
            "mmap-spin",
            "sockopt",
        ],
    },
    Group {
        title: "Wake-ups: signals, eventfd, sysfs",
        names: &["sigio", "rt-signal", "eventfd", "sysfs"],
    },
    Group {
        title: "What the kernel has already: UIO, VFIO, uevents",
        names: &["uio", "vfio", "uevent"],
    },
];

impl Group {
    /// Whether the path belongs to it.
    pub fn has(&self, path: &PathRun) -> bool {
        self.names.contains(&path.name.as_str())
    }
}

/// What the path is, in a few words.
pub fn meaning(name: &str) -> &'static str {
    match name {
        "netlink-multicast" => "generic netlink, group events",
        "netlink-unicast" => "generic netlink, to a registered port ID",
        "twin" => "netlink-multicast, with the driver in C",
        "chardev-read" => "/dev/irqcast0, read",
        "chardev-poll" => "/dev/irqcast0, epoll and then read",
        "sigio" => "/dev/irqcast0, SIGIO",
        "rt-signal" => "/dev/irqcast0, a queued real-time signal",
        "eventfd" => "an eventfd that the handler signals",
        "mmap" => "the mapped ring, and an eventfd to sleep on",
        "mmap-spin" => "the mapped ring, looked at all the time",
        "sysfs" => "a sysfs attribute that poll wakes on",
        "sockopt" => "getsockopt, again and again",
        "uio" => "uio_pci_generic, unmodified",
        "vfio" => "vfio-pci and its eventfd, unmodified",
        "uevent" => "a uevent, where udev receives it",
        "off" => "the handler with every path off",
        "netlink-no-listener" => "the handler with netlink on and nobody there",
        _ => "",
    }
}

/// The path's name with what tells it from other measurements of that path in this run.
pub fn label(run: &Run, path: &PathRun) -> String {
    let mut text = path.name.clone();
    let mut same = run.paths.iter().filter(|other| other.name == path.name);
    if same.any(|other| other.listener != path.listener) && path.listener != Listener::Blocking {
        text.push_str(", ");
        text.push_str(path.listener.name());
    }
    if let Some(context) = &path.context
        && !is_default(context)
    {
        text.push_str(", ");
        text.push_str(context);
    }
    text
}

/// Whether netlink messages are sent from this context where nobody chose another.
fn is_default(context: &str) -> bool {
    context == "auto"
}

/// The measurement that all others are compared with: multicast from the hard handler to a
/// listener that blocks.
pub fn reference(run: &Run) -> Option<&PathRun> {
    run.paths
        .iter()
        .filter(|path| path.name == REFERENCE && path.listener == Listener::Blocking)
        .find(|path| path.context.as_deref().is_none_or(is_default))
}

/// All measurements, the fastest first. Those without a latency come last.
pub fn by_latency(run: &Run) -> Vec<&PathRun> {
    let mut paths: Vec<_> = run.paths.iter().collect();
    paths.sort_by_key(|path| {
        path.latency_ns
            .as_ref()
            .map_or(u64::MAX, |latency| latency.p50)
    });
    paths
}
