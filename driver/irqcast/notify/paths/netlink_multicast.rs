// SPDX-License-Identifier: GPL-2.0

//! Delivery path: a netlink message to all who have joined the group "events".

use crate::irqcast::genetlink::{
    Gfp,
    Group,
    Ready, //
};

use super::super::{
    counters::Outcome,
    word::Word, //
};

/// The group, and whether somebody got its last message.
///
/// Where somebody did, the next message is sent without asking whether there are listeners, which
/// costs about 60 instructions. The first one after they have left is then made in vain.
pub(in crate::irqcast::notify) struct Multicast {
    group: Group,
    /// 1 when somebody got the last message, else 0.
    heard: Word,
}

impl Multicast {
    /// Sends to `group`.
    pub(in crate::irqcast::notify) fn new(group: Group) -> Self {
        Self {
            group,
            heard: Word::new(0),
        }
    }

    /// Returns the group.
    pub(in crate::irqcast::notify) fn group(&self) -> &Group {
        &self.group
    }

    /// Returns whether an event is worth a message: somebody got the last one, or may be listening.
    #[inline]
    pub(in crate::irqcast::notify) fn may_be_heard(&self) -> bool {
        self.heard.read() != 0 || self.group.has_listeners()
    }

    /// Tells listeners that there was no memory for an event's message.
    pub(in crate::irqcast::notify) fn no_memory(&self) {
        self.group.tell_loss();
    }

    /// Sends an event and returns what became of it.
    ///
    /// Any error counts as one, also `ESRCH` while there may be listeners: one did not get the event
    /// because its queue was full, or it has just joined. There is no telling which, and the first
    /// is what an operator must know of.
    pub(in crate::irqcast::notify) fn send(&self, message: &Ready<'_>) -> Outcome {
        match self.group.broadcast(message, Gfp::Atomic) {
            Ok(()) => {
                self.heard.write(1);
                Outcome::Sent
            }
            Err(_) => {
                self.heard.write(0);
                if self.group.has_listeners() {
                    Outcome::SendError
                } else {
                    Outcome::NoListener
                }
            }
        }
    }
}
