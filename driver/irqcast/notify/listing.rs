// SPDX-License-Identifier: GPL-2.0

//! What makes a device be seen: its place in the list, its device node, its attribute in sysfs.

use kernel::{
    device::{
        self,
        Bound, //
    },
    prelude::*,
    str::CString,
    sync::Arc, //
};

use crate::irqcast::{
    chardev::CharDevice,
    device_attribute::DeviceAttribute,
    genetlink::Request, //
};

use super::{
    device::Device,
    paths::sysfs,
    reader::Reader,
    registry::{
        self,
        Reachable, //
    },
    source::Source, //
};

/// A device's place in the list, its device node, and its attribute in sysfs. Until this is dropped,
/// requests reach the device, and its node can be opened.
///
/// Dropping it waits for a request to the device that is being handled.
pub(super) struct Listing {
    source: Arc<Source>,
    _node: Pin<KBox<CharDevice<Reader>>>,
    attribute: Option<Pin<KBox<DeviceAttribute<Source>>>>,
}

impl Listing {
    /// Lists `device`, which is `source` to the core and `parent` to the driver core, under its
    /// instance number, and makes its node, with the same number.
    pub(super) fn new<D: Device>(
        device: Arc<D>,
        source: Arc<Source>,
        parent: &device::Device<Bound>,
    ) -> Result<Self> {
        let name = CString::try_from_fmt(fmt!("{}{}", D::NODE, source.number()))?;
        let node = CharDevice::register(name, parent, source.clone());
        let attribute = DeviceAttribute::register(sysfs::NAME, parent, source.clone());
        let attribute = KBox::pin_init(attribute, GFP_KERNEL)?;
        source.sysfs().attach(attribute.node()?);
        let listing = Self {
            source: source.clone(),
            _node: KBox::pin_init(node, GFP_KERNEL)?,
            attribute: Some(attribute),
        };

        registry::list(Arc::new(Listed { device, source }, GFP_KERNEL)?)?;
        Ok(listing)
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        registry::unlist(self.source.number());

        // Removing it wakes up nobody.
        drop(self.attribute.take());
        self.source.sysfs().wake_up();
    }
}

/// A device that is listed.
struct Listed<D> {
    device: Arc<D>,
    source: Arc<Source>,
}

impl<D: Device> Reachable for Listed<D> {
    fn source(&self) -> &Arc<Source> {
        &self.source
    }

    fn request(&self, request: &Request<'_>) -> Result {
        D::request(&self.device, request)
    }
}
