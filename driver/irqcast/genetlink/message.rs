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

#[kunit_tests(irqcast_genetlink_message)]
mod tests {
    use kernel::sync::Arc;

    use crate::irqcast::genetlink::{
        size,
        Attributes,
        Family, //
    };

    use super::*;

    const HEADERS: usize = size_of::<bindings::nlmsghdr>() + size_of::<bindings::genlmsghdr>();

    static FAMILY: Family = Family::const_new(
        kernel::module::this_module::<crate::LocalModule>(),
        c"irqcast_test".to_bytes_with_nul(),
        1,
        &[],
    );

    /// Checks that the attributes that `put` writes take `payload` bytes.
    fn check(
        family: &Arc<Registration>,
        payload: usize,
        put: fn(&mut Attributes<'_>) -> Result,
    ) -> Result {
        let mut message = GenlMsg::start(family, 1, Envelope::default(), payload, Gfp::Kernel)?;
        put(&mut message.attributes())?;
        assert_eq!(message.finish().bytes().len(), HEADERS + payload);
        Ok(())
    }

    #[test]
    fn sizes_are_those_of_the_attributes() -> Result {
        let family = Arc::new(FAMILY.register()?, GFP_KERNEL)?;

        check(&family, 0, |_| Ok(()))?;
        check(&family, size::u32(), |a| a.put_u32(1, 7))?;
        check(&family, size::u64(), |a| a.put_u64(1, 7, 2))?;
        check(&family, size::string(c"0000:00:02.0"), |a| {
            a.put_string(1, c"0000:00:02.0")
        })
    }
}
