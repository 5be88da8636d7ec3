//! The paths and the peers, one file each. A new path is a new file and a line in [`ALL`].

mod chardev;
mod counting;
mod eventfd;
mod irqcast;
mod mapped;
mod netlink_multicast;
mod netlink_unicast;
mod record;
mod ring;
mod signal;
mod silent;
mod sockopt;
mod sysfs;
mod twin;
mod uevent;
mod uio;
mod vfio;

use anyhow::Result;
use irqcast_bench::{catalogue::NAMES, schema::Listener};

use crate::{device::Device, receive::Receiver};

/// A way from an interrupt to user space.
pub struct Path {
    /// Its name in the results.
    pub name: &'static str,
    /// Where it sends from, if it is a path for the sake of that. Of these nothing but latency and
    /// handler is measured, and what more listeners cost the handler where it sends.
    pub context: Option<Context>,
    /// How its listeners can wait; all but latency is measured with the first.
    pub listeners: &'static [Listener],
    /// How many listeners it can have at the same time.
    pub most_listeners: u32,
    /// Whether events can carry more bytes.
    pub payload: bool,
    /// Whether a listener that missed events can tell how many.
    pub told: bool,
    /// Gives the device to the driver that has this path, and switches all others off.
    pub open: fn(&Device, &Options) -> Result<Box<dyn Source>>,
}

/// Where netlink messages are sent from, with the number that the driver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The interrupt handler.
    Hard = 1,
    /// A bottom half.
    Bh = 2,
    /// The interrupt's thread.
    Thread = 3,
}

impl Context {
    /// As in the results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Bh => "bh",
            Self::Thread => "thread",
        }
    }
}

/// What the driver is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Let the handler take its own time, where it can.
    pub measure: bool,
    /// Bytes that each event carries in addition.
    pub payload: u32,
    /// Context that netlink sends from, where it is not the default.
    pub context: Option<Context>,
}

/// A driver that has the device. Dropping it takes the device back.
pub trait Source {
    /// Opens a listener.
    fn receiver(&mut self, listener: Listener) -> Result<Box<dyn Receiver>>;

    /// Time in the handler for the last event, where [`Options::measure`] asked for it.
    fn handler_ns(&mut self) -> Option<u64> {
        None
    }
}

/// All of them, in the order of the results.
pub const ALL: [Path; NAMES.len() + 3] = [
    silent::OFF,
    silent::NO_LISTENER,
    netlink_multicast::PATH,
    netlink_multicast::FROM_HARD,
    netlink_multicast::FROM_BH,
    netlink_multicast::FROM_THREAD,
    netlink_unicast::PATH,
    chardev::READ,
    chardev::POLL,
    signal::SIGIO,
    signal::REAL_TIME,
    eventfd::PATH,
    mapped::MMAP,
    mapped::SPIN,
    sysfs::PATH,
    sockopt::PATH,
    twin::PATH,
    uio::PATH,
    vfio::PATH,
    uevent::PATH,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_is_complete() {
        let mut names = ALL.map(|path| path.name).to_vec();
        names.dedup();
        assert_eq!(names, NAMES);
    }
}
