// SPDX-License-Identifier: GPL-2.0

//! Writing the attributes of a message.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::GenlMsg;

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

impl GenlMsg {
    /// Returns a writer for the message's attributes.
    pub(crate) fn attributes(&mut self) -> Attributes<'_> {
        // SAFETY: We own the buffer, and the writer borrows it from us. By the type invariants it
        // ends with a message that `genlmsg_put` started.
        unsafe { Attributes::new(self.skb.skb) }
    }
}
