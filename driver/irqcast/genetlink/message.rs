// SPDX-License-Identifier: GPL-2.0

//! Messages and their attributes.

use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::gfp::Gfp;

use super::{
    GenlMsg,
    NetlinkSkBuff,
    Registration, //
};

/// Writes attributes to the end of a message that is being built.
///
/// The message's buffer does not grow: each method returns [`EMSGSIZE`] when the attribute does not
/// fit any more.
///
/// # Invariants
///
/// `skb` points to a buffer that is valid, and written by nobody else, for `'a`. The last thing in
/// it is an unfinished message.
pub(crate) struct Attributes<'a> {
    skb: NonNull<bindings::sk_buff>,
    _message: PhantomData<&'a mut bindings::sk_buff>,
}

impl Attributes<'_> {
    /// Writes to the unfinished message at the end of `skb`.
    ///
    /// # Safety
    ///
    /// `skb` must be valid for the lifetime of the returned value, and used by nobody else during
    /// it. It must end with a message that `genlmsg_put` started.
    pub(super) unsafe fn new(skb: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: As the safety requirements say.
        Self {
            skb,
            _message: PhantomData,
        }
    }

    /// Appends a `u32` attribute.
    pub(crate) fn put_u32(&mut self, attribute: u16, value: u32) -> Result {
        self.put(attribute, &value.to_ne_bytes())
    }

    /// Appends a `u64` attribute, on machines that need it preceded by an empty attribute `pad`
    /// that aligns it.
    pub(crate) fn put_u64(&mut self, attribute: u16, value: u64, pad: u16) -> Result {
        let value = value.to_ne_bytes();

        // SAFETY: By the type invariants `skb` is valid, and `value` is readable for its length.
        to_result(unsafe {
            bindings::nla_put_64bit(
                self.skb.as_ptr(),
                attribute.into(),
                value.len() as c_int,
                value.as_ptr().cast(),
                pad.into(),
            )
        })
    }

    /// Appends a string attribute, with the NUL that ends it.
    pub(crate) fn put_string(&mut self, attribute: u16, value: &CStr) -> Result {
        self.put(attribute, value.to_bytes_with_nul())
    }

    /// Appends an attribute of bytes that mean nothing to netlink.
    pub(crate) fn put_binary(&mut self, attribute: u16, value: &[u8]) -> Result {
        self.put(attribute, value)
    }

    fn put(&mut self, attribute: u16, payload: &[u8]) -> Result {
        // The length of an attribute, header included, is a 16-bit number.
        const LONGEST: usize = u16::MAX as usize - size_of::<bindings::nlattr>();

        if payload.len() > LONGEST {
            return Err(EMSGSIZE);
        }

        // SAFETY: By the type invariants `skb` is valid, and `payload` is readable for its length.
        to_result(unsafe {
            bindings::nla_put(
                self.skb.as_ptr(),
                attribute.into(),
                payload.len() as c_int,
                payload.as_ptr().cast(),
            )
        })
    }
}

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

    /// Returns a writer for the message's attributes.
    pub(crate) fn attributes(&mut self) -> Attributes<'_> {
        // SAFETY: We own the buffer, and the writer borrows it from us. By the type invariants it
        // ends with a message that `genlmsg_put` started.
        unsafe { Attributes::new(self.skb.skb) }
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
