//! The handler without anybody to tell: the base line of all others.

use anyhow::{Result, bail};
use irqcast_bench::schema::Listener;

use super::{
    Options, Path, Source,
    irqcast::{Driver, bit},
};
use crate::receive::Receiver;

/// Every path is off.
pub const OFF: Path = Path {
    name: "off",
    listeners: &[Listener::None],
    most_listeners: 0,
    payload: false,
    told: false,
    open: |_, options| open(0, options),
};

/// Netlink multicast is on, and nobody has joined.
pub const NO_LISTENER: Path = Path {
    name: "netlink-no-listener",
    listeners: &[Listener::None],
    most_listeners: 0,
    payload: false,
    told: false,
    open: |_, options| open(bit::NETLINK_MULTICAST, options),
};

fn open(paths: u32, options: &Options) -> Result<Box<dyn Source>> {
    Ok(Box::new(Silent {
        _driver: Driver::load(paths, options)?,
    }))
}

struct Silent {
    _driver: Driver,
}

impl Source for Silent {
    fn receiver(&mut self, _: Listener) -> Result<Box<dyn Receiver>> {
        bail!("this path has no listeners");
    }
}
