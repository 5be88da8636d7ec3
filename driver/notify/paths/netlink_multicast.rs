// SPDX-License-Identifier: GPL-2.0

//! Delivery path: a netlink message to all who have joined the group "events".

use crate::genetlink::{
    Gfp,
    Group,
    Ready, //
};

use super::super::counters::Outcome;

/// Sends an event and returns what became of it.
///
/// Any error counts as one, also `ESRCH`: a listener was there when we asked, and did not get the
/// event because its queue was full or because it has just left. There is no telling which, and the
/// first is what an operator must know of.
pub(in crate::notify) fn send(message: &Ready<'_>, group: &Group) -> Outcome {
    match group.broadcast(message, Gfp::Atomic) {
        Ok(()) => Outcome::Sent,
        Err(_) => Outcome::SendError,
    }
}
