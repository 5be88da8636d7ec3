// SPDX-License-Identifier: GPL-2.0

//! Delivery path: a netlink message to the group "events".

use kernel::{
    prelude::*,
    sync::Arc, //
};

use crate::{
    genetlink::{
        Gfp,
        Group,
        Message, //
    },
    protocol::command, //
};

use super::{
    super::{
        counters::{
            Counters,
            Outcome, //
        },
        record::Record,
        source::Source, //
    },
    Deliver, //
};

/// Sends the events of one device to all who have joined the group.
pub(in crate::notify) struct NetlinkMulticast {
    source: Arc<Source>,
    group: Group,
}

impl NetlinkMulticast {
    /// Sends the events of `source` to `group`.
    pub(super) fn new(source: Arc<Source>, group: Group) -> Self {
        Self { source, group }
    }

    /// Sends an event and returns what became of it.
    ///
    /// Any error of sending counts as one, also [`ESRCH`]: a listener was there when we asked, and
    /// did not get the event because its queue was full or because it has just left. There is no
    /// telling which, and the first is what an operator must know of. A message that is larger than
    /// we thought would count as one too; it is never partly sent.
    fn send(&self, record: &Record) -> Outcome {
        if !self.group.has_listeners() {
            return Outcome::NoListener;
        }

        let message = match self.message(record) {
            Ok(message) => message,
            Err(ENOMEM) => return Outcome::AllocFailure,
            Err(_) => return Outcome::SendError,
        };

        match self.group.send(message, Gfp::Atomic) {
            Ok(()) => Outcome::Sent,
            Err(_) => Outcome::SendError,
        }
    }

    fn message(&self, record: &Record) -> Result<Message> {
        let size = self.source.event_size(record);
        let mut message = self.group.message(command::EVENT_NTF, size, Gfp::Atomic)?;
        self.source.put_event(record, &mut message.attributes())?;
        Ok(message)
    }
}

impl Deliver for NetlinkMulticast {
    fn deliver(&self, record: &Record, counters: &Counters) {
        counters.count_outcome(self.send(record));
    }
}
