//! The C twin: the multicast of the driver written in C (tests/twin/), with a family of its
//! own. Its listener is the one of [`super::netlink_multicast`], line by line.

use std::fs;

use anyhow::Result;
use irqcast_bench::schema::Listener;

use super::{Options, Path, Source, netlink_multicast};
use crate::{modules::Loaded, receive::Receiver};

/// Where the module shows how long its handler took for the last event.
const HANDLER_NS: &str = "/sys/module/irqcast_twin/parameters/handler_ns";

/// The path.
pub const PATH: Path = Path {
    name: "twin",
    context: None,
    listeners: &[Listener::Blocking],
    most_listeners: 256,
    payload: false,
    told: true,
    open: |_, options| Ok(Box::new(Twin::load("", options)?)),
};

/// The loaded module.
pub struct Twin {
    _module: Loaded,
}

impl Twin {
    /// Loads it with a parameter.
    pub fn load(parameters: &str, options: &Options) -> Result<Self> {
        let measure = if options.measure { "measure=1" } else { "" };
        let module = Loaded::load("irqcast_twin", &format!("{measure} {parameters}"))?;
        Ok(Self { _module: module })
    }
}

impl Source for Twin {
    fn receiver(&mut self, listener: Listener) -> Result<Box<dyn Receiver>> {
        netlink_multicast::member("irqcast_twin", listener)
    }

    fn handler_ns(&mut self) -> Option<u64> {
        fs::read_to_string(HANDLER_NS).ok()?.trim().parse().ok()
    }
}
