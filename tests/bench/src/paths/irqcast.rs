//! The driver of irqcast with some of its paths.

use anyhow::Result;

use super::Options;
use crate::modules::Loaded;

/// Bits of the driver's delivery paths (`path` in driver/spec/irqcast.yaml).
pub mod bit {
    /// A netlink message to a group.
    pub const NETLINK_MULTICAST: u32 = 1 << 0;
}

/// The loaded driver, which has bound to the device.
pub struct Driver {
    _module: Loaded,
}

impl Driver {
    /// Loads it with only these paths switched on, since that is what a person does who has
    /// chosen one. (A path that is on and unused costs a check.)
    pub fn load(paths: u32, options: &Options) -> Result<Self> {
        let mut parameters = format!("paths={paths}");
        if options.measure {
            parameters.push_str(" measure=1");
        }
        if options.payload > 0 {
            parameters.push_str(&format!(" payload={}", options.payload));
        }
        if let Some(context) = options.context {
            parameters.push_str(&format!(" context={context}"));
        }
        Ok(Self {
            _module: Loaded::load("irqcast_edu", &parameters)?,
        })
    }
}
