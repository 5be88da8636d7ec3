//! The handler without anybody to tell: the base line of all others.

use anyhow::{Result, bail};
use irqcast_bench::schema::Listener;

use super::{
    Options, Path, Source,
    irqcast::{Driver, bit},
};

/// Every path is off.
pub const OFF: Path = Path {
    name: "off",
    context: None,
    listeners: &[Listener::None],
    most_listeners: 0,
    payload: false,
    told: false,
    open: |_, options| open(0, options),
};

/// Netlink multicast is on, and nobody has joined.
pub const NO_LISTENER: Path = Path {
    name: "netlink-no-listener",
    context: None,
    listeners: &[Listener::None],
    most_listeners: 0,
    payload: false,
    told: false,
    open: |_, options| open(bit::NETLINK_MULTICAST, options),
};

fn open(paths: u32, options: &Options) -> Result<Box<dyn Source>> {
    Driver::load(paths, options, |_| bail!("this path has no listeners"))
}
