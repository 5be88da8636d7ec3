//! Requests: which devices are there, and make one interrupt.

use crate::context::Context;
use crate::decode::{DecodeError, decode_device, decode_event_of};
use crate::device::Device;
use crate::error::Error;
use crate::event::Event;
use crate::family_name::FamilyName;
use crate::nlctrl::{self, Family};
use crate::paths::Paths;
use crate::requester::{ANSWER_LIMIT, Request, Requester, patiently};
use crate::wire::{self, command, event, request};
use netlink_packet_core::DefaultNla;
use nix::errno::Errno;
use std::time::Duration;

/// Asks the driver. All requests return as soon as the device has been told; what the device does
/// then arrives as an event.
///
/// The driver may be removed and loaded again between two requests.
pub struct Client {
    requester: Requester,
    name: FamilyName,
    family: Family,
}

impl Client {
    /// How long the kernel may take to answer before a request fails with [`Error::NoAnswer`].
    pub const ANSWER_LIMIT: Duration = ANSWER_LIMIT;

    /// Opens a socket and looks the family of the edu device up.
    ///
    /// # Errors
    ///
    /// [`Error::DriverNotLoaded`] when the family is not registered.
    pub fn open() -> Result<Self, Error> {
        Self::open_family(FamilyName::default())
    }

    /// The same for the driver whose family has this name. It has to be one on irqcast's core: what a
    /// command of another family does, nobody knows.
    ///
    /// # Errors
    ///
    /// [`Error::DriverNotLoaded`] when the family is not registered.
    pub fn open_family(name: FamilyName) -> Result<Self, Error> {
        let mut requester = Requester::open()?;
        let family = lookup(&mut requester, &name)?;
        Ok(Self {
            requester,
            name,
            family,
        })
    }

    /// All devices with their counters, in the order of their instance numbers.
    pub fn devices(&mut self) -> Result<Vec<Device>, Error> {
        let mut devices = patiently(|| {
            self.request(
                "list the devices",
                command::DEVICE_GET,
                true,
                &[],
                decode_device,
            )
        })?;
        devices.sort_by_key(|device| device.device);
        Ok(devices)
    }

    /// One device with its counters.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDevice`] when no device has this instance number.
    pub fn device(&mut self, device: u32) -> Result<Device, Error> {
        let attributes = [attribute(wire::device::DEVICE, device.to_ne_bytes())];
        patiently(|| {
            self.request(
                "get a device",
                command::DEVICE_GET,
                false,
                &attributes,
                decode_device,
            )
        })
        .map_err(|error| name_device(error, device))?
        .pop()
        .ok_or(Error::NoSuchDevice(device))
    }

    /// Raises `bits`, at least one, in the interrupt status register. Needs `CAP_NET_ADMIN`.
    ///
    /// For other families than that of the edu device: only those that have this command under the same
    /// numbers, [`command::RAISE`] and [`request::BITS`].
    pub fn raise(&mut self, device: u32, bits: u32) -> Result<(), Error> {
        self.act(
            "raise an interrupt",
            command::RAISE,
            device,
            (request::BITS, bits),
        )
    }

    /// Lets the edu device compute the factorial of `argument`, at most [`wire::FACTORIAL_MAX`]. Needs
    /// `CAP_NET_ADMIN`.
    pub fn factorial(&mut self, device: u32, argument: u32) -> Result<(), Error> {
        self.act(
            "start a factorial",
            command::FACTORIAL,
            device,
            (request::ARGUMENT, argument),
        )
    }

    /// Sends `bytes`, from 1 to [`wire::DMA_MAX`], through the edu device's buffer and back. Needs
    /// `CAP_NET_ADMIN`.
    pub fn dma(&mut self, device: u32, bytes: u32) -> Result<(), Error> {
        self.act("start a DMA", command::DMA, device, (request::BYTES, bytes))
    }

    /// Switches these delivery paths on and all others off. Needs `CAP_NET_ADMIN`.
    pub fn set_paths(&mut self, device: u32, paths: Paths) -> Result<(), Error> {
        self.act(
            "switch delivery paths",
            command::DEVICE_SET,
            device,
            (request::PATHS, paths.bits()),
        )
    }

    /// Events of the device from sequence number `since` on that the driver still holds, in order, at
    /// most `count`. Their field `replayed` is not set: only who missed an event knows that.
    ///
    /// Where the kernel is short of memory these may be the first of them, at least one; ask again
    /// for those after them.
    ///
    /// Anyone may ask.
    pub fn history(&mut self, device: u32, since: u64, count: u32) -> Result<Vec<Event>, Error> {
        let attributes = [
            attribute(event::DEVICE, device.to_ne_bytes()),
            attribute(event::SEQ, since.to_ne_bytes()),
            attribute(event::COUNT, count.to_ne_bytes()),
        ];
        let of_edu = self.name.is_edu();
        patiently(|| {
            let (events, end) = self.collect(
                "read the history",
                command::HISTORY_GET,
                true,
                &attributes,
                |attributes| decode_event_of(of_edu, attributes),
            );
            match end {
                Err(error) if error.is_out_of_memory() && !events.is_empty() => Ok(events),
                end => end.map(|()| events),
            }
        })
        .map_err(|error| name_device(error, device))
    }

    /// Sends the device's netlink messages from there. Needs `CAP_NET_ADMIN`.
    pub fn set_context(&mut self, device: u32, context: Context) -> Result<(), Error> {
        self.act(
            "change the context",
            command::DEVICE_SET,
            device,
            (request::CONTEXT, context.value()),
        )
    }

    fn act(
        &mut self,
        action: &'static str,
        command: u8,
        device: u32,
        value: (u16, u32),
    ) -> Result<(), Error> {
        let attributes = [(request::DEVICE, device), value]
            .map(|(kind, value)| attribute(kind, value.to_ne_bytes()));
        self.request(action, command, false, &attributes, |_| Ok(()))
            .map(|_| ())
            .map_err(|error| name_device(error, device))
    }

    /// Sends a request and decodes the objects in the answer.
    fn request<T>(
        &mut self,
        action: &'static str,
        command: u8,
        dump: bool,
        attributes: &[DefaultNla],
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, Error> {
        let (objects, end) = self.collect(action, command, dump, attributes, decode);
        end.map(|()| objects)
    }

    /// Sends a request and decodes the objects in the answer; once more where the family came back
    /// under another number. Returns the objects that came, and whether they are all.
    fn collect<T>(
        &mut self,
        action: &'static str,
        command: u8,
        dump: bool,
        attributes: &[DefaultNla],
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> (Vec<T>, Result<(), Error>) {
        let mut looked_up = false;
        loop {
            let mut objects = Vec::new();
            let answered = self.requester.request(
                Request {
                    action,
                    family: self.family.id,
                    command,
                    dump,
                    attributes,
                    names: request::ALL,
                },
                |_, attributes| {
                    objects.push(decode(attributes)?);
                    Ok(())
                },
            );
            match answered {
                // The kernel knows no family of this number (any more).
                Err(Error::Refused { error, .. }) if error.errno == Errno::ENOENT && !looked_up => {
                    match lookup(&mut self.requester, &self.name) {
                        Ok(family) => self.family = family,
                        Err(error) => return (objects, Err(error)),
                    }
                    looked_up = true;
                }
                answered => return (objects, answered),
            }
        }
    }
}

fn attribute<const N: usize>(kind: u16, value: [u8; N]) -> DefaultNla {
    DefaultNla::new(kind, value.to_vec())
}

fn lookup(requester: &mut Requester, name: &FamilyName) -> Result<Family, Error> {
    nlctrl::resolve(requester, name.as_str())?.ok_or_else(|| Error::DriverNotLoaded(name.clone()))
}

/// `ENODEV` names the device that is not there.
fn name_device(error: Error, device: u32) -> Error {
    match error {
        Error::Refused { error, .. } if error.errno == Errno::ENODEV => Error::NoSuchDevice(device),
        other => other,
    }
}
