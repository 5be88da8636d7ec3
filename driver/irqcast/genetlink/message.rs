// SPDX-License-Identifier: GPL-2.0

//! Messages that are built for a registered family.

use core::mem::ManuallyDrop;

use kernel::{
    bindings,
    prelude::*, //
};

use super::gfp::Gfp;

use super::{
    GenlMsg,
    NetlinkSkBuff,
    Registration, //
};

/// Where a message comes from or goes to, as its header says.
#[derive(Clone, Copy, Default)]
pub(super) struct Envelope {
    /// The port that asked, 0 for a message that nobody asked for.
    pub(super) portid: u32,
    /// The number that the asker gave to the request, 0 for a message that nobody asked for.
    pub(super) sequence: u32,
}

impl GenlMsg {
    /// Starts a message of the registered family, with room for `payload` bytes of attributes.
    ///
    /// Returns [`ENOMEM`] when there is no memory.
    pub(super) fn start(
        family: &Registration,
        command: u8,
        envelope: Envelope,
        payload: usize,
        gfp: Gfp,
    ) -> Result<Self> {
        let skb = NetlinkSkBuff::new(payload, gfp)?;
        Ok(skb.genlmsg_put(envelope.portid, envelope.sequence, family.family, command)?)
    }

    /// Finishes the message, which writes its length into its header.
    pub(super) fn finish(self) -> NetlinkSkBuff {
        let message = ManuallyDrop::new(self);
        let skb = message.skb.skb;

        // SAFETY: By the type invariants `hdr` belongs to the message in `skb`.
        unsafe { bindings::genlmsg_end(skb.as_ptr(), message.hdr.as_ptr()) };

        // INVARIANT: The reference is that of `message`, which is never dropped.
        NetlinkSkBuff { skb }
    }
}

impl NetlinkSkBuff {
    /// Gives the reference to the caller, who has to give it back to C code.
    pub(super) fn into_raw(self) -> *mut bindings::sk_buff {
        ManuallyDrop::new(self).skb.as_ptr()
    }
}
