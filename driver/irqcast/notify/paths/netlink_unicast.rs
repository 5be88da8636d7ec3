// SPDX-License-Identifier: GPL-2.0

//! Delivery path: a netlink message to each port that has registered.

use crate::irqcast::genetlink::{
    Gfp,
    Ready,
    Registration, //
};

use super::super::{
    counters::Counters,
    ports::Ports, //
};

/// Sends an event to each port, and counts how often that worked.
///
/// A port whose queue is full misses the event, and its next receive says so. A port that has just
/// been closed will be removed soon.
pub(in crate::irqcast::notify) fn send(
    message: &Ready<'_>,
    family: &Registration,
    ports: &Ports,
    counters: &Counters,
) {
    ports.for_each(|port| match family.unicast(message, port, Gfp::Atomic) {
        Ok(()) => counters.count_unicast_sent(),
        Err(_) => counters.count_unicast_errors(1),
    });
}
