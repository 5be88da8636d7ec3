// SPDX-License-Identifier: GPL-2.0

//! Delivery path: a netlink message to the group "events".

use core::marker::PhantomData;

use kernel::prelude::*;

use crate::{
    genetlink::{
        Gfp,
        Group,
        Message, //
    },
    protocol::command, //
};

use super::{
    counters::Outcome,
    event::{
        Event,
        EventData, //
    }, //
};

/// Sends the events of one device to all who have joined the group.
pub(super) struct Netlink<D> {
    group: Group,
    fixed_size: usize,
    _data: PhantomData<D>,
}

impl<D: EventData> Netlink<D> {
    /// Sends to `group` the events of the device at `address`.
    pub(super) fn new(group: Group, address: &CStr) -> Self {
        Self {
            group,
            fixed_size: Event::<D>::fixed_size(address),
            _data: PhantomData,
        }
    }

    /// Sends `event` of the device `instance` at `address`. Called by the interrupt handler, in
    /// hard interrupt context.
    ///
    /// Any error of sending counts as one, also [`ESRCH`]: a listener was there when we asked, and
    /// did not get the event because its queue was full or because it has just left. There is no
    /// telling which, and the first is what an operator must know of. A message that is larger than
    /// we thought would count as one too; it is never partly sent.
    pub(super) fn deliver(&self, event: &Event<D>, instance: u32, address: &CStr) -> Outcome {
        if !self.group.has_listeners() {
            return Outcome::NoListener;
        }

        let message = match self.message(event, instance, address) {
            Ok(message) => message,
            Err(ENOMEM) => return Outcome::AllocFailure,
            Err(_) => return Outcome::SendError,
        };

        match self.group.send(message, Gfp::Atomic) {
            Ok(()) => Outcome::Sent,
            Err(_) => Outcome::SendError,
        }
    }

    fn message(&self, event: &Event<D>, instance: u32, address: &CStr) -> Result<Message> {
        let payload = self.fixed_size + event.data.size();
        let mut message = self
            .group
            .message(command::EVENT_NTF, payload, Gfp::Atomic)?;
        event.put(instance, address, &mut message.attributes())?;
        Ok(message)
    }
}
