// SPDX-License-Identifier: GPL-2.0

//! Messages that are prepared once and sent often, each time with some values changed.

use core::mem::size_of;

use kernel::{
    bindings,
    prelude::*,
    sync::Arc, //
};

use super::gfp::Gfp;

use super::{
    buffer::Buffer,
    message::Envelope,
    size,
    Attributes,
    GenlMsg,
    NetlinkSkBuff,
    Registration, //
};

/// Where a message starts to have attributes.
const HEADERS: usize = size_of::<bindings::nlmsghdr>() + size_of::<bindings::genlmsghdr>();

/// A message with what is constant in it, and buffers that hold it already.
///
/// A message that is sent again takes the buffer that was used longest ago. When everybody who got
/// it has read it, only what changes is written: no memory is asked for and nothing is copied.
/// Otherwise a new buffer takes its place. So it costs memory only what the listeners lag behind.
pub(crate) struct Prepared {
    template: KVec<u8>,
    capacity: usize,
    buffers: KVec<Buffer>,
    next: usize,
}

/// Where a value lies in a [`Prepared`] message.
#[derive(Clone, Copy)]
pub(crate) struct Place<const LENGTH: usize>(usize);

impl Prepared {
    /// Prepares a message of a registered family that nobody asked for.
    ///
    /// `fill` writes `payload` bytes of attributes. At most `extra` bytes will be added by
    /// [`Draft::add_u32`]. `buffers` is the number of messages that can be under way before memory
    /// is asked for. May sleep.
    pub(crate) fn new(
        family: &Arc<Registration>,
        command: u8,
        payload: usize,
        extra: usize,
        buffers: usize,
        fill: impl FnOnce(&mut Attributes<'_>) -> Result,
    ) -> Result<Self> {
        let mut message =
            GenlMsg::start(family, command, Envelope::default(), payload, Gfp::Kernel)?;
        fill(&mut message.attributes())?;

        let mut prepared = Self {
            template: KVec::new(),
            capacity: HEADERS + payload + extra,
            buffers: KVec::with_capacity(buffers.max(1), GFP_KERNEL)?,
            next: 0,
        };
        let skb = message.finish();
        prepared
            .template
            .extend_from_slice(skb.bytes(), GFP_KERNEL)?;
        for _ in 0..buffers.max(1) {
            let buffer = prepared.new_buffer(Gfp::Kernel)?;
            prepared.buffers.push(buffer, GFP_KERNEL)?;
        }
        Ok(prepared)
    }

    /// Returns where the value of the constant attribute `attribute` lies.
    ///
    /// Returns [`EINVAL`] when there is none with a value of this length.
    pub(crate) fn place<const LENGTH: usize>(&self, attribute: u16) -> Result<Place<LENGTH>> {
        const HEADER: usize = size_of::<bindings::nlattr>();

        let mut at = HEADERS;
        while let Some(&[l0, l1, t0, t1]) = self.template.get(at..at + HEADER) {
            let length = usize::from(u16::from_ne_bytes([l0, l1]));
            let found = u16::from_ne_bytes([t0, t1]);
            if found == attribute && length == HEADER + LENGTH {
                return Ok(Place(at + HEADER));
            }
            at += size::aligned(length.max(HEADER));
        }
        Err(EINVAL)
    }

    /// Makes the next message: what was prepared, changed by `change`.
    ///
    /// Returns [`ENOMEM`] when it needs memory and there is none.
    pub(crate) fn message(
        &mut self,
        gfp: Gfp,
        change: impl FnOnce(&mut Draft<'_>) -> Result,
    ) -> Result<Ready<'_>> {
        let turn = self.next;
        let following = turn + 1;
        self.next = if following < self.buffers.len() {
            following
        } else {
            0
        };

        if !self.buffers[turn].is_exclusive() {
            // Whoever still reads the old one has a clone, which keeps its data alive.
            self.buffers[turn] = self.new_buffer(gfp)?;
        }
        let buffer = &mut self.buffers[turn];
        let length = self.template.len();
        buffer.write(self.capacity, |bytes| {
            let mut draft = Draft { bytes, length };
            change(&mut draft)?;
            draft.finish()
        })?;
        Ok(Ready(buffer))
    }

    fn new_buffer(&self, gfp: Gfp) -> Result<Buffer> {
        let mut buffer = Buffer::new(self.capacity, gfp)?;
        buffer.write(self.template.len(), |bytes| {
            bytes.copy_from_slice(&self.template);
            Ok(bytes.len())
        })?;
        Ok(buffer)
    }
}

/// A message that is being changed.
pub(crate) struct Draft<'a> {
    /// All room that the message may take.
    bytes: &'a mut [u8],
    /// Length of the message so far.
    length: usize,
}

impl Draft<'_> {
    /// Sets the value at `place`, in the byte order of the machine.
    pub(crate) fn set<const LENGTH: usize>(
        &mut self,
        place: Place<LENGTH>,
        value: [u8; LENGTH],
    ) -> Result {
        self.put(place.0, value)
    }

    /// Adds a `u32` attribute at the end, for this time only.
    ///
    /// Returns [`EMSGSIZE`] when there is no room.
    pub(crate) fn add_u32(&mut self, attribute: u16, value: u32) -> Result {
        const LENGTH: usize = size::u32();

        let mut bytes = [0; LENGTH];
        bytes[..2].copy_from_slice(&(LENGTH as u16).to_ne_bytes());
        bytes[2..4].copy_from_slice(&attribute.to_ne_bytes());
        bytes[4..].copy_from_slice(&value.to_ne_bytes());
        self.put(self.length, bytes)?;
        self.length += LENGTH;
        Ok(())
    }

    fn put<const LENGTH: usize>(&mut self, at: usize, value: [u8; LENGTH]) -> Result {
        self.bytes
            .get_mut(at..at + LENGTH)
            .ok_or(EMSGSIZE)?
            .copy_from_slice(&value);
        Ok(())
    }

    /// Writes the length, which is the first field of the header, and returns it.
    fn finish(mut self) -> Result<usize> {
        let length = u32::try_from(self.length)?;
        self.put(0, length.to_ne_bytes())?;
        Ok(self.length)
    }
}

/// A prepared message that can be sent, as often as one likes.
///
/// The buffer stays with the one who prepared it; receivers get clones. Thus no receiver can hold
/// the last reference, with which the broadcast's own one would run the destructor of a receiver's
/// buffer in hard interrupt context.
pub(crate) struct Ready<'a>(&'a Buffer);

impl Ready<'_> {
    /// Returns a reference for a broadcast.
    pub(super) fn share(&self) -> NetlinkSkBuff {
        self.0.share()
    }

    /// Returns how many receivers have not read the message yet.
    #[inline]
    pub(crate) fn receivers(&self) -> usize {
        self.0.clones()
    }

    /// Returns a clone for a single receiver.
    pub(super) fn clone_data(&self, gfp: Gfp) -> Result<NetlinkSkBuff> {
        self.0.clone_data(gfp)
    }
}

#[kunit_tests(irqcast_genetlink_prepared)]
mod tests {
    use super::{super::Family, *};

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
