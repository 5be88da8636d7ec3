// SPDX-License-Identifier: GPL-2.0

//! Events by `getsockopt`: the path on which nobody is told, and whoever wants an event asks.

use kernel::{
    bindings,
    prelude::*,
    uaccess::UserSlice, //
};

use crate::{
    protocol::SOCKET_OPTION_NEXT,
    sockopt::GetSocketOption, //
};

use super::{
    record::{
        Record,
        Words,
        RECORD_WORDS, //
    },
    registry, //
};

/// Size of a record in bytes.
const RECORD_SIZE: usize = size_of::<Words>();

/// Answers the option "next event".
///
/// The caller's record says of which device, and which event of it the caller had last: its sequence
/// number, 0 for none. It is replaced by the event that comes next. So the answer is what to ask the
/// next time with.
pub(super) enum Pull {}

impl GetSocketOption for Pull {
    const FIRST: c_int = SOCKET_OPTION_NEXT as c_int;
    const END: c_int = Self::FIRST + 1;

    /// Returns [`EPERM`] without `CAP_NET_ADMIN`, [`EINVAL`] when there is no room for a record,
    /// [`ENODEV`] when there is no such device, and [`EAGAIN`] when there is no such event yet.
    fn get(_option: c_int, value: UserSlice) -> Result<usize> {
        // SAFETY: This only looks at the credentials of the calling process.
        if !unsafe { bindings::capable(bindings::CAP_NET_ADMIN as c_int) } {
            return Err(EPERM);
        }

        let (mut reader, mut writer) = value.reader_writer();
        if reader.len() < RECORD_SIZE {
            return Err(EINVAL);
        }
        let last = Record::from_words(reader.read::<Words>()?);

        let mut next: Words = [0; RECORD_WORDS];
        registry::with_number(last.device, |device, _| {
            let after = last.seq.checked_add(1).ok_or(EINVAL)?;
            let ring = device.source().ring();
            ring.read_from(after, &mut next).map(|_| ()).ok_or(EAGAIN)
        })?;
        writer.write(&next)?;
        Ok(RECORD_SIZE)
    }
}
