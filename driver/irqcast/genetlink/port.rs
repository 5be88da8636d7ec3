// SPDX-License-Identifier: GPL-2.0

//! Sending to a single socket in user space.

use core::num::NonZeroU32;

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::gfp::Gfp;

use super::{
    Ready,
    Registration,
    Request, //
};

/// The address of a socket in the initial network namespace. It is no process ID, although the
/// kernel often gives a process's first socket the number of the process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port(NonZeroU32);

impl Port {
    /// Returns the port with this ID.
    ///
    /// Returns [`EINVAL`] for 0, which is the kernel itself: it would answer itself.
    pub(crate) fn new(id: u32) -> Result<Self> {
        NonZeroU32::new(id).map(Self).ok_or(EINVAL)
    }

    /// Returns the port's ID, which is not 0.
    pub(crate) fn id(self) -> u32 {
        self.0.get()
    }
}

impl Request<'_> {
    /// Returns the port that the request came from.
    ///
    /// This is the address of the sending socket, whatever the sender wrote into the message.
    ///
    /// Returns [`EOPNOTSUPP`] for a socket of another network namespace than the initial one.
    pub(crate) fn port(&self) -> Result<Port> {
        if !core::ptr::eq(self.net(), &raw const bindings::init_net) {
            return Err(EOPNOTSUPP);
        }
        Port::new(self.info().snd_portid)
    }
}

impl Registration {
    /// Sends the message to one socket. With [`Gfp::Atomic`] this works from hard interrupt context
    /// too.
    ///
    /// Returns [`ENOMEM`] when there is no memory, [`EAGAIN`] when the socket's queue is full, and
    /// [`ECONNREFUSED`] when there is no such socket.
    ///
    /// What is sent is a clone that nobody else has a reference to. A buffer that is shared would
    /// be unshared by netlink, which asks for memory that can be waited for unless it finds itself
    /// in a soft interrupt.
    pub(crate) fn unicast(&self, message: &Ready<'_>, port: Port, gfp: Gfp) -> Result {
        let skb = message.clone_data(gfp)?;

        // SAFETY: The socket of the initial network namespace is always there. `skb` holds a
        // finished message, and `netlink_unicast` takes our reference to it, also when it fails.
        let sent = unsafe {
            bindings::netlink_unicast(
                bindings::init_net.genl_sock,
                skb.into_raw(),
                port.id(),
                bindings::MSG_DONTWAIT as c_int,
            )
        };
        to_result(sent.min(0))
    }
}

#[kunit_tests(irqcast_genetlink_port)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_no_port() {
        assert_eq!(Port::new(0).err(), Some(EINVAL));
        for id in [1, 4096, u32::MAX] {
            assert_eq!(Port::new(id).map(Port::id), Ok(id));
        }
    }
}
