// SPDX-License-Identifier: GPL-2.0

//! What answers requests while the module is loaded.

use core::marker::PhantomData;

use kernel::{
    prelude::*,
    sync::Arc, //
};

use crate::irqcast::genetlink::Releases;

#[cfg(CONFIG_NETFILTER)]
use crate::irqcast::sockopt;

#[cfg(CONFIG_NETFILTER)]
use super::socket_options::Options;
use super::{
    device::Device,
    listen::ClosedPorts,
    registry,
    taps::Watching, //
};

/// The running service: requests are answered while it lives, and devices `D` can be bound.
///
/// The family outlives it when there are still devices: each group that they send to keeps it
/// registered.
pub(super) struct Service<D: Device> {
    #[cfg(CONFIG_NETFILTER)]
    _options: Option<sockopt::Registration<Options<D>>>,
    _releases: Releases<ClosedPorts>,
    _taps: Watching,
    _device: PhantomData<fn() -> D>,
}

impl<D: Device> Service<D> {
    /// Starts the service.
    ///
    /// Returns [`EBUSY`] when it was started before: it is started once, when the module is loaded.
    pub(super) fn start(module: &'static ThisModule) -> Result<Self> {
        registry::open()?;
        #[cfg(not(CONFIG_NETFILTER))]
        let _ = module;
        let service = Self {
            _taps: Watching::start()?,
            _releases: Releases::register()?,
            #[cfg(CONFIG_NETFILTER)]
            _options: match D::SOCKET_OPTIONS {
                Some(_) => Some(sockopt::Registration::new(module)?),
                None => None,
            },
            _device: PhantomData,
        };

        // Not registered with the registry's lock held: requests that take it arrive at once.
        let family = Arc::new(D::family().register()?, GFP_KERNEL)?;
        registry::set_family(family)?;
        Ok(service)
    }
}

impl<D: Device> Drop for Service<D> {
    fn drop(&mut self) {
        // Ending the registration waits for requests, which take the registry's lock: it is free by
        // now.
        drop(registry::take_family());
    }
}
