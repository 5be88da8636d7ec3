//! The driver of irqcast with some of its paths.

use anyhow::Result;
use irqcast_bench::schema::Listener;

use super::{Options, Source, ring::Ring};
use crate::{modules::Loaded, receive::Receiver, target};

/// Bits of the driver's delivery paths (`path` in driver/spec/irqcast.yaml).
pub mod bit {
    /// A netlink message to a group.
    pub const NETLINK_MULTICAST: u32 = 1 << 0;
    /// A netlink message to each port that registered.
    pub const NETLINK_UNICAST: u32 = 1 << 1;
    /// Readers and pollers of the character device.
    pub const CHARDEV: u32 = 1 << 2;
    /// Signals to who asked the character device for them.
    pub const SIGNAL: u32 = 1 << 3;
    /// Eventfds that were handed over.
    pub const EVENTFD: u32 = 1 << 4;
    /// Pollers of the attribute in sysfs.
    pub const SYSFS: u32 = 1 << 5;
}

/// The loaded driver, which has bound to the device, and how to listen to it.
pub struct Driver {
    /// Mapped while the handler's time is asked for. It keeps the module in use, so it goes
    /// first.
    ring: Option<Ring>,
    _module: Loaded,
    open: Open,
}

/// Opens a listener.
pub type Open = fn(Listener) -> Result<Box<dyn Receiver>>;

impl Driver {
    /// Loads it with only these paths switched on, since that is what a person does who has
    /// chosen one. (A path that is on and unused costs a check.)
    pub fn load(paths: u32, options: &Options, open: Open) -> Result<Box<dyn Source>> {
        let mut parameters = format!("paths={paths}");
        if options.measure {
            parameters.push_str(" measure=1");
        }
        if options.payload > 0 {
            parameters.push_str(&format!(" payload={}", options.payload));
        }
        if let Some(context) = options.context {
            parameters.push_str(&format!(" context={}", context as u32));
        }
        let module = Loaded::load(target::module(), &parameters)?;
        let ring = options
            .measure
            .then(|| Ring::map(&target::node()?))
            .transpose()?;
        Ok(Box::new(Self {
            ring,
            _module: module,
            open,
        }))
    }
}

impl Source for Driver {
    fn receiver(&mut self, listener: Listener) -> Result<Box<dyn Receiver>> {
        (self.open)(listener)
    }

    fn handler_ns(&mut self) -> Option<u64> {
        let ring = self.ring.as_ref()?;
        let record = ring.get(ring.head())?;
        Some(record.handler_ns.into())
    }
}
