// SPDX-License-Identifier: GPL-2.0

//! The device's socket options: the path on which nobody is told, and whoever wants something asks.

use core::marker::PhantomData;

use kernel::{
    prelude::*,
    uaccess::{
        UserSlice,
        UserSliceReader, //
    }, //
};

use crate::irqcast::{
    protocol::PATHS_MAX,
    sockopt::{
        self,
        SocketOptions, //
    }, //
};

use super::{
    device::Device,
    paths::PathSet,
    record::{
        Record,
        Words,
        RECORD_WORDS, //
    },
    registry, //
};

/// Size of a record in bytes.
const RECORD_SIZE: usize = size_of::<Words>();

/// Option "next event", counted from the first of the device's.
const NEXT: c_int = 0;

/// Option "delivery paths", counted likewise.
const PATHS: c_int = 1;

/// Value of the option "delivery paths": the device's instance number, and the bits of its paths.
type DevicePaths = [u32; 2];

/// Answers the socket options of devices `D`.
///
/// Both calls return [`EPERM`] without `CAP_NET_ADMIN`, [`EINVAL`] when the value is too short or means
/// nothing, [`ENODEV`] when there is no such device, and [`ENOPROTOOPT`] for an option that cannot be
/// set.
pub(super) struct Options<D>(PhantomData<D>);

impl<D: Device> SocketOptions for Options<D> {
    const FIRST: c_int = match D::SOCKET_OPTIONS {
        Some(first) => first,
        // Then they are not registered.
        None => 0,
    };
    const END: c_int = Self::FIRST + PATHS + 1;

    fn get(option: c_int, value: UserSlice) -> Result<usize> {
        permit()?;
        match option - Self::FIRST {
            NEXT => next_event(value),
            PATHS => paths(value),
            _ => Err(ENOPROTOOPT),
        }
    }

    fn set(option: c_int, value: UserSliceReader) -> Result {
        permit()?;
        match option - Self::FIRST {
            PATHS => switch(value),
            _ => Err(ENOPROTOOPT),
        }
    }
}

/// Returns [`EPERM`] unless the caller may see and change what devices do.
fn permit() -> Result {
    if sockopt::caller_is_net_admin() {
        Ok(())
    } else {
        Err(EPERM)
    }
}

/// Returns an event.
///
/// The caller's record says of which device, and which event of it the caller had last: its sequence
/// number, 0 for none. It is replaced by the event that comes next. So the answer is what to ask the
/// next time with. Returns [`EAGAIN`] when there is no such event yet.
fn next_event(value: UserSlice) -> Result<usize> {
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

/// Returns the delivery paths that are on, of the device that the caller's value names.
fn paths(value: UserSlice) -> Result<usize> {
    let (mut reader, mut writer) = value.reader_writer();
    if reader.len() < size_of::<DevicePaths>() {
        return Err(EINVAL);
    }
    let [number, _] = reader.read::<DevicePaths>()?;
    let on = registry::with_number(number, |device, _| Ok(device.source().on().bits()))?;
    writer.write::<DevicePaths>(&[number, on])?;
    Ok(size_of::<DevicePaths>())
}

/// Switches delivery paths, as `device-set` does.
fn switch(mut value: UserSliceReader) -> Result {
    if value.len() < size_of::<DevicePaths>() {
        return Err(EINVAL);
    }
    let [number, bits] = value.read::<DevicePaths>()?;
    if bits > PATHS_MAX {
        return Err(EINVAL);
    }
    registry::with_number(number, |device, _| {
        device.source().switch(PathSet::from_bits(bits));
        Ok(())
    })
}
