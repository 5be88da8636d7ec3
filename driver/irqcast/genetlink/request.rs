// SPDX-License-Identifier: GPL-2.0

//! Requests to do something, their replies and their extended acknowledgements.

use core::{
    fmt::Write,
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    error::{
        from_result,
        to_result, //
    },
    fmt,
    prelude::*,
    str::NullTerminatedFormatter, //
};

use super::gfp::Gfp;

use super::{
    message::Envelope,
    AttributePolicy,
    Attributes,
    GenlMsg,
    Registration, //
};

/// An operation that does what a request asks for.
pub(crate) trait Do {
    /// The attributes that the request may have, indexed by their number.
    const POLICY: &'static [AttributePolicy];

    /// Does it.
    ///
    /// Called in the system call of the process that asks, concurrently with other requests. It
    /// may sleep, but the process hangs for as long as it does.
    fn doit(request: &Request<'_>) -> Result;
}

/// A request that is being handled.
///
/// # Invariants
///
/// - `info` is valid for `'a`, for which nobody else uses it or its `extack`.
/// - `info.attrs` holds a pointer for each number below `attributes`, null for an attribute that
///   the request does not have.
pub(crate) struct Request<'a> {
    info: NonNull<bindings::genl_info>,
    attributes: usize,
    _info: PhantomData<&'a mut bindings::genl_info>,
}

impl<'a> Request<'a> {
    /// A request that is being handled.
    ///
    /// # Safety
    ///
    /// `info` must be valid for `'a`, and used by nobody else during it. Generic netlink must have
    /// parsed the attributes by a policy for `attributes` numbers.
    pub(super) unsafe fn new(info: NonNull<bindings::genl_info>, attributes: usize) -> Self {
        // INVARIANT: With a policy, generic netlink parses the attributes into an array with an
        // entry for each number. Without one there is no array, and `attributes` is 0.
        Self {
            info,
            attributes,
            _info: PhantomData,
        }
    }

    /// Returns the number of the command that the request is for.
    pub(crate) fn command(&self) -> u8 {
        // SAFETY: By the type invariants `info` is valid, and it has the request's header.
        unsafe { (*self.info().genlhdr).cmd }
    }

    /// Returns whether the request has this attribute.
    pub(crate) fn has(&self, attribute: u16) -> bool {
        self.attribute(attribute).is_some()
    }

    /// Returns the value of a `u32` attribute.
    ///
    /// When the request does not have it, returns [`EINVAL`], and the extended acknowledgement
    /// names the number of the attribute that is missing.
    pub(crate) fn u32(&self, attribute: u16) -> Result<u32> {
        self.integer(attribute).map(u32::from_ne_bytes)
    }

    /// Returns the value of a `u64` attribute. As with [`Self::u32`], it must be there.
    pub(crate) fn u64(&self, attribute: u16) -> Result<u64> {
        self.integer(attribute).map(u64::from_ne_bytes)
    }

    fn integer<const SIZE: usize>(&self, attribute: u16) -> Result<[u8; SIZE]> {
        let Some(header) = self.attribute(attribute) else {
            return Err(self.missing(attribute));
        };

        let length = size_of::<bindings::nlattr>() + SIZE;
        // SAFETY: Each attribute of a request has a header.
        if usize::from(unsafe { (*header.as_ptr()).nla_len }) < length {
            return Err(self.refuse(EINVAL, attribute, fmt!("It has {} bytes", SIZE)));
        }

        // SAFETY: The header says that as many bytes follow it.
        Ok(unsafe { header.add(1).cast::<[u8; SIZE]>().read() })
    }

    /// Returns `error`, after saying `reason` in the extended acknowledgement, which also points to
    /// `attribute` if the request has it.
    ///
    /// A reason that is longer than 79 bytes is cut.
    pub(crate) fn refuse(&self, error: Error, attribute: u16, reason: fmt::Arguments<'_>) -> Error {
        let bad_attr = self.attribute(attribute);

        // SAFETY: By the type invariants nobody else uses `extack`.
        if let Some(extack) = unsafe { self.info().extack.as_mut() } {
            if let Some(mut text) = NullTerminatedFormatter::new(&mut extack._msg_buf) {
                // What does not fit is left out.
                let _ = text.write_fmt(reason);
            }
            extack._msg = extack._msg_buf.as_ptr();
            if let Some(bad_attr) = bad_attr {
                extack.bad_attr = bad_attr.as_ptr();
            }
        }

        error
    }

    /// Replies with a message of the command that was asked for.
    ///
    /// `family` is the registration of the family that the request came to. `fill` writes the
    /// attributes, which take `payload` bytes.
    pub(crate) fn reply(
        &self,
        family: &Registration,
        payload: usize,
        fill: impl FnOnce(&mut Attributes<'_>) -> Result,
    ) -> Result {
        let info = self.info();
        let envelope = Envelope {
            portid: info.snd_portid,
            sequence: info.snd_seq,
        };
        let mut message = GenlMsg::start(family, self.command(), envelope, payload, Gfp::Kernel)?;
        fill(&mut message.attributes())?;
        let skb = message.finish();

        let net = self.net();

        // SAFETY: The request came through a socket of `net`, which is thus alive. `skb` holds a
        // finished message, and `netlink_unicast` takes our reference to it, also when it fails.
        let sent = unsafe {
            bindings::netlink_unicast(
                (*net).genl_sock,
                skb.into_raw(),
                info.snd_portid,
                bindings::MSG_DONTWAIT as c_int,
            )
        };
        to_result(sent.min(0))
    }

    /// Returns the network namespace of the socket that the request came from.
    pub(super) fn net(&self) -> *mut bindings::net {
        #[cfg(CONFIG_NET_NS)]
        return self.info()._net.net;
        #[cfg(not(CONFIG_NET_NS))]
        return &raw mut bindings::init_net;
    }

    /// Returns what generic netlink knows of the request.
    pub(super) fn info(&self) -> &bindings::genl_info {
        // SAFETY: By the type invariants `info` is valid, and nobody else uses it.
        unsafe { self.info.as_ref() }
    }

    fn attribute(&self, attribute: u16) -> Option<NonNull<bindings::nlattr>> {
        if usize::from(attribute) >= self.attributes {
            return None;
        }

        // SAFETY: By the type invariants `attrs` has an entry for each number below `attributes`.
        NonNull::new(unsafe { *self.info().attrs.add(attribute.into()) })
    }

    fn missing(&self, attribute: u16) -> Error {
        let error = self.refuse(
            EINVAL,
            attribute,
            fmt!("Attribute {} is missing", attribute),
        );

        // SAFETY: By the type invariants nobody else uses `extack`.
        if let Some(extack) = unsafe { self.info().extack.as_mut() } {
            extack.miss_type = attribute;
            extack.miss_nest = core::ptr::null();
        }

        error
    }
}

/// Called by generic netlink for the requests that `T` handles.
///
/// # Safety
///
/// Must only be used as `doit` of an operation with the policy `T::POLICY`.
pub(super) unsafe extern "C" fn doit_callback<T: Do>(
    _skb: *mut bindings::sk_buff,
    info: *mut bindings::genl_info,
) -> c_int {
    // SAFETY: Generic netlink passes a valid pointer, which nobody else uses during this call.
    let info = unsafe { NonNull::new_unchecked(info) };
    // SAFETY: As above. The operation's policy is `T::POLICY`.
    let request = unsafe { Request::new(info, T::POLICY.len()) };

    from_result(|| T::doit(&request).map(|()| 0))
}
