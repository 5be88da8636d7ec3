// SPDX-License-Identifier: GPL-2.0

//! Requests to list objects.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    prelude::*, //
};

use super::{
    Access,
    AttributePolicy,
    Attributes,
    Operation,
    Registration,
    Request, //
};

/// An operation that lists objects, a message each.
pub(crate) trait Dump {
    /// The attributes that the request may have, indexed by their number.
    const POLICY: &'static [AttributePolicy] = &[];

    /// Lists those that come next.
    ///
    /// Called once for each buffer that the asking process reads. It calls [`Dumper::message`] for
    /// the objects from [`Dumper::position`] on, and [`Dumper::set_position`] after each; it
    /// returns the error [`EMSGSIZE`] of the former as it is, which says that the buffer is full.
    /// When it returns `Ok`, the list is complete.
    ///
    /// Between two calls objects may come and go, so the position must be something that stays true
    /// then, such as the number of the object that comes next.
    fn dump(dumper: &mut Dumper<'_>) -> Result;
}

impl Operation {
    /// `command` with `NLM_F_DUMP` is answered by `T`.
    pub(crate) const fn new_dump<T: Dump>(command: u8, access: Access) -> Self {
        let callbacks = bindings::genl_split_ops__bindgen_ty_1 {
            __bindgen_anon_2: bindings::genl_split_ops__bindgen_ty_1__bindgen_ty_2 {
                start: None,
                dumpit: Some(dumpit_callback::<T>),
                done: None,
            },
        };
        Self::new(
            callbacks,
            T::POLICY,
            command,
            bindings::GENL_CMD_CAP_DUMP | access.as_raw(),
        )
    }
}

/// A dump that is under way, and the buffer that is being filled.
///
/// # Invariants
///
/// `skb` and `callback` are valid for `'a`, and used by nobody else during it. `callback.data`
/// points to the `genl_dumpit_info` of this dump, whose request was parsed by a policy for
/// `attributes` numbers.
pub(crate) struct Dumper<'a> {
    skb: NonNull<bindings::sk_buff>,
    callback: NonNull<bindings::netlink_callback>,
    attributes: usize,
    _callback: PhantomData<&'a mut bindings::netlink_callback>,
}

/// Numbers that a dump keeps from call to call.
#[derive(Clone, Copy)]
enum Kept {
    Position = 0,
    End = 1,
}

impl Dumper<'_> {
    /// Calls `f` with the request for the dump.
    pub(crate) fn with_request<T>(&self, f: impl FnOnce(&Request<'_>) -> T) -> T {
        let info = NonNull::from(self.info());

        // SAFETY: `info` is valid during the call and used by nobody else, since nobody uses
        // `callback`. By the type invariants it was parsed by a policy for so many attributes.
        f(&unsafe { Request::new(info, self.attributes) })
    }

    /// Returns the position that the call before left, at first 0.
    pub(crate) fn position(&self) -> usize {
        self.kept(Kept::Position)
    }

    /// Sets the position from which the next call goes on.
    pub(crate) fn set_position(&mut self, position: usize) {
        self.keep(Kept::Position, position);
    }

    /// Returns where the dump ends, for one that decided so in its first call: at first 0.
    pub(crate) fn end(&self) -> usize {
        self.kept(Kept::End)
    }

    /// Sets where the dump ends.
    pub(crate) fn set_end(&mut self, end: usize) {
        self.keep(Kept::End, end);
    }

    fn kept(&self, what: Kept) -> usize {
        // SAFETY: By the type invariants `callback` is valid. `args` is an array of integers that
        // belongs to the dump, and netlink zeroed it when the dump started.
        let number = unsafe { self.callback.as_ref().__bindgen_anon_1.args[what as usize] };

        // CAST: It was a `usize`, see `keep`.
        number as usize
    }

    fn keep(&mut self, what: Kept, number: usize) {
        // CAST: It is only ever cast back, see `kept`.
        let number = number as c_long;

        // SAFETY: By the type invariants `callback` is valid, and nobody else uses it. Any value is
        // valid for `args`.
        unsafe { self.callback.as_mut().__bindgen_anon_1.args[what as usize] = number };
    }

    /// Appends a message whose attributes `fill` writes.
    ///
    /// `family` is the registration of the family that the request came to. When the buffer is
    /// full, returns [`EMSGSIZE`] and leaves it as it was.
    pub(crate) fn message(
        &mut self,
        family: &Registration,
        fill: impl FnOnce(&mut Attributes<'_>) -> Result,
    ) -> Result {
        let info = self.info();

        // SAFETY: `skb` is valid by the type invariants, and so is the family, which stays
        // registered during the call. `genlhdr` is the header of the request.
        let header = unsafe {
            bindings::genlmsg_put(
                self.skb.as_ptr(),
                info.snd_portid,
                info.snd_seq,
                family.family.as_raw(),
                bindings::NLM_F_MULTI as c_int,
                (*info.genlhdr).cmd,
            )
        };
        if header.is_null() {
            return Err(EMSGSIZE);
        }

        // SAFETY: By the type invariants nobody else uses `skb`, and `genlmsg_put` has just started
        // a message in it.
        let mut attributes = unsafe { Attributes::new(self.skb) };
        let filled = fill(&mut attributes);

        // SAFETY: `header` belongs to the last message in `skb`, in both cases.
        unsafe {
            match filled {
                Ok(()) => bindings::genlmsg_end(self.skb.as_ptr(), header),
                Err(_) => bindings::genlmsg_cancel(self.skb.as_ptr(), header),
            }
        }
        filled
    }

    fn info(&self) -> &bindings::genl_info {
        // SAFETY: By the type invariants `callback` is valid.
        let data = unsafe { self.callback.as_ref().data };

        // SAFETY: By the type invariants this is what `data` points to.
        unsafe { &(*data.cast::<bindings::genl_dumpit_info>()).info }
    }
}

/// Called by generic netlink for the dumps that `T` does.
///
/// # Safety
///
/// Must only be used as `dumpit` of an operation with the policy `T::POLICY`.
pub(super) unsafe extern "C" fn dumpit_callback<T: Dump>(
    skb: *mut bindings::sk_buff,
    callback: *mut bindings::netlink_callback,
) -> c_int {
    // INVARIANT: Generic netlink passes pointers that are valid during this call, and used by
    // nobody else, and keeps its information on the dump in `data`.
    let mut dumper = Dumper {
        // SAFETY: Generic netlink passes a valid pointer.
        skb: unsafe { NonNull::new_unchecked(skb) },
        // SAFETY: Generic netlink passes a valid pointer.
        callback: unsafe { NonNull::new_unchecked(callback) },
        attributes: T::POLICY.len(),
        _callback: PhantomData,
    };

    // Netlink takes EMSGSIZE with something in the buffer as "there is more to come".
    match T::dump(&mut dumper) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}
