// SPDX-License-Identifier: GPL-2.0

//! Sending to a multicast group.

use kernel::{
    bindings,
    prelude::*,
    sync::Arc, //
};

use super::gfp::Gfp;

use super::{
    Ready,
    Registration, //
};

/// A multicast group of a registered family, to send to. The family stays registered while this
/// lives.
///
/// Only listeners in the initial network namespace hear what is sent.
///
/// # Invariants
///
/// The family has a group of number `index`.
pub(crate) struct Group {
    family: Arc<Registration>,
    index: u32,
}

impl Group {
    /// Returns the group whose place among the family's groups is `index`.
    ///
    /// Returns [`EINVAL`] when the family has no such group.
    pub(crate) fn new(family: Arc<Registration>, index: u32) -> Result<Self> {
        if index >= family.groups() {
            return Err(EINVAL);
        }

        // INVARIANT: It was just checked.
        Ok(Self { family, index })
    }

    /// Returns whether anyone may be listening.
    ///
    /// A `false` saves building the message. A `true` is no promise: it also counts members in
    /// other network namespaces, and the last one may just leave.
    pub(crate) fn has_listeners(&self) -> bool {
        // SAFETY: The family is registered, and `init_net` is always there. By the type invariants
        // the group exists.
        unsafe {
            bindings::genl_has_listeners(
                self.family.as_raw(),
                &raw mut bindings::init_net,
                self.index,
            ) != 0
        }
    }

    /// Sends the message to all who listen. With [`Gfp::Atomic`] this works from hard interrupt
    /// context too.
    ///
    /// Returns [`ENOBUFS`] when a listener that asked for it by `NETLINK_BROADCAST_ERROR` did not
    /// get the message, and [`ESRCH`] when no listener got it. The latter does not mean that there
    /// is none: it is also what comes of a single listener whose queue is full. A listener that
    /// misses a message while others get it is not reported at all.
    ///
    /// The message's buffer stays ours during the broadcast. Otherwise the broadcast would give it
    /// to the last listener, and when that one has read and freed it before the broadcast is over,
    /// the broadcast would run the destructor of a socket buffer, which must not happen in hard
    /// interrupt context. As it is, each listener gets a clone.
    pub(crate) fn broadcast(&self, message: &Ready<'_>, gfp: Gfp) -> Result {
        // SAFETY: The family is registered, and by the type invariants the group exists. The buffer
        // holds a finished message, and `genlmsg_multicast` takes our reference to it, also when it
        // fails.
        let result = unsafe {
            bindings::genlmsg_multicast(
                self.family.as_raw(),
                message.share().into_raw(),
                0,
                self.index,
                gfp.as_raw(),
            )
        };
        // What `to_result` does, without its call.
        match result {
            0 => Ok(()),
            error => Err(Error::from_errno(error)),
        }
    }

    /// Tells all who listen that a message is missing: they get [`ENOBUFS`] as if their queue had
    /// been full. This works from hard interrupt context too.
    ///
    /// The counterpart of `genl_set_err()` in C.
    pub(crate) fn tell_loss(&self) {
        let family = self.family.as_raw();

        // SAFETY: The family is registered, so its groups have numbers that do not change, and by
        // the type invariants the group is one of them. `init_net` is always there, and with it
        // its socket for generic netlink.
        unsafe {
            bindings::netlink_set_err(
                bindings::init_net.genl_sock,
                0,
                (*family).mcgrp_offset + self.index,
                ENOBUFS.to_errno(),
            )
        };
    }

    /// Returns the family that the group belongs to.
    pub(crate) fn family(&self) -> &Arc<Registration> {
        &self.family
    }
}

impl Registration {
    /// Returns the family, which stays registered while `self` lives.
    fn as_raw(&self) -> *mut bindings::genl_family {
        self.family.as_raw()
    }

    /// Returns the number of multicast groups of the family.
    fn groups(&self) -> u32 {
        // SAFETY: The family is valid, and the number does not change.
        unsafe { (*self.as_raw()).n_mcgrps.into() }
    }
}
