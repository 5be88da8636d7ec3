//! The paths and the peers, one file each. A new path is a new file and a line in [`ALL`].

mod chardev;
mod counting;
mod eventfd;
mod irqcast;
mod mapped;
mod netlink_multicast;
mod record;
mod ring;
mod signal;
mod silent;
mod sysfs;
mod twin;
mod uevent;
mod uio;
mod vfio;

use anyhow::Result;
use irqcast_bench::{catalogue::NAMES, schema::Listener};

use crate::{edu::Edu, receive::Receiver};

/// A way from an interrupt to user space.
pub struct Path {
    /// Its name in the results.
    pub name: &'static str,
    /// How its listeners can wait; all but latency is measured with the first.
    pub listeners: &'static [Listener],
    /// How many listeners it can have at the same time.
    pub most_listeners: u32,
    /// Whether events can carry more bytes.
    pub payload: bool,
    /// Whether a listener that missed events can tell how many.
    pub told: bool,
    /// Gives the device to the driver that has this path, and switches all others off.
    pub open: fn(&Edu, &Options) -> Result<Box<dyn Source>>,
}

/// What the driver is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Let the handler take its own time, where it can.
    pub measure: bool,
    /// Bytes that each event carries in addition.
    pub payload: u32,
    /// Context that netlink sends from, where it is not the default.
    pub context: Option<&'static str>,
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
pub const ALL: [Path; NAMES.len()] = [
    silent::OFF,
    silent::NO_LISTENER,
    netlink_multicast::PATH,
    chardev::READ,
    chardev::POLL,
    signal::SIGIO,
    signal::REAL_TIME,
    eventfd::PATH,
    mapped::MMAP,
    mapped::SPIN,
    sysfs::PATH,
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
        assert_eq!(ALL.map(|path| path.name), NAMES);
    }
}
