// SPDX-License-Identifier: GPL-2.0

//! What a device adds to its events, and the attributes of an event in a netlink message.

use kernel::{
    prelude::*,
    str::CString, //
};

use crate::irqcast::{
    genetlink::{
        size,
        Attributes, //
    },
    protocol::event, //
};

use super::record::{
    Record,
    DATA_WORDS, //
};

/// What a device adds to its events: the result of what completed.
///
/// It is a few words, each of which is there or not, so that an event can be stored anywhere, and
/// building it needs no memory.
pub(crate) trait EventData {
    /// The attributes that netlink messages carry the words in, in their order. Those that every event
    /// has, or more than [`DATA_WORDS`], do not build.
    const ATTRIBUTES: &'static [u16];

    /// Returns the words. Those behind the last attribute must not be there.
    fn words(&self) -> [Option<u32>; DATA_WORDS];
}

/// Returns whether a device may add these attributes: they are few enough, and no event has one of
/// them already.
pub(super) const fn may_be_added(attributes: &[u16]) -> bool {
    let mut place = 0;
    while place < attributes.len() {
        if matches!(
            attributes[place],
            0 | event::DEVICE
                | event::ADDRESS
                | event::SEQ
                | event::TIME_NS
                | event::CAUSE
                | event::PAD
                | event::PAYLOAD
                | event::INCARNATION
                | event::COUNT
        ) {
            return false;
        }
        place += 1;
    }
    attributes.len() <= DATA_WORDS
}

/// What the messages of a device's events have in common.
pub(super) struct Form {
    /// Tells this life of the device from earlier ones.
    incarnation: u64,
    /// Address of the device.
    address: CString,
    /// Attributes of the words of data.
    data: &'static [u16],
    /// Size of the attributes that each event has.
    fixed_size: usize,
}

impl Form {
    /// The events of the device at `address` in this life of it, whose words of data have these
    /// attributes, and which carry `payload` bytes.
    pub(super) fn new(
        incarnation: u64,
        address: &CStr,
        data: &'static [u16],
        payload: usize,
    ) -> Result<Self> {
        let (device, cause) = (size::u32(), size::u32());
        let (seq, time, incarnation_size) = (size::u64(), size::u64(), size::u64());
        let payload = if payload == 0 {
            0
        } else {
            size::attribute(payload)
        };
        Ok(Self {
            fixed_size: device
                + incarnation_size
                + size::string(address)
                + seq
                + time
                + cause
                + payload,
            incarnation,
            address: CString::try_from(address)?,
            data,
        })
    }

    /// Returns what tells this life of the device from earlier ones.
    pub(super) fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Returns the address of the device.
    pub(super) fn address(&self) -> &CStr {
        &self.address
    }

    /// Returns the attributes of the words of data.
    pub(super) fn data(&self) -> &'static [u16] {
        self.data
    }

    /// Returns the size in bytes of the attributes that [`Self::put`] writes.
    pub(super) fn size(&self, record: &Record) -> usize {
        // CAST: At most the bits of a `u32`.
        self.fixed_size + record.present.count_ones() as usize * size::u32()
    }

    /// Writes the attributes of an event that carries `payload`.
    pub(super) fn put(
        &self,
        record: &Record,
        payload: &[u8],
        attributes: &mut Attributes<'_>,
    ) -> Result {
        attributes.put_u32(event::DEVICE, record.device)?;
        attributes.put_string(event::ADDRESS, &self.address)?;
        attributes.put_u64(event::SEQ, record.seq, event::PAD)?;
        attributes.put_u64(event::TIME_NS, record.time_ns, event::PAD)?;
        attributes.put_u32(event::CAUSE, record.cause)?;
        attributes.put_u64(event::INCARNATION, self.incarnation, event::PAD)?;
        for (place, value) in record.data() {
            let attribute = self.data.get(place).ok_or(EINVAL)?;
            attributes.put_u32(*attribute, value)?;
        }
        if !payload.is_empty() {
            attributes.put_binary(event::PAYLOAD, payload)?;
        }
        Ok(())
    }
}

#[kunit_tests(irqcast_event)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_every_event_are_taken() {
        let cases: [(&[u16], bool); 5] = [
            (&[6, 7, 12, 13], true),
            (&[], true),
            (&[6, event::CAUSE], false),
            (&[0], false),
            (&[12, 13, 14, 15, 16], false),
        ];
        for (attributes, free) in cases {
            assert_eq!(may_be_added(attributes), free);
        }
    }

    #[test]
    fn only_what_is_there_takes_room() -> Result {
        let form = Form::new(1, c"0000:00:02.0", &[6, 7], 0)?;
        let size = |present| {
            form.size(&Record {
                present,
                ..Record::default()
            })
        };
        assert_eq!(size(0), 2 * size::u32() + 20 + 3 * size::u64());
        assert_eq!(size(0b10) - size(0), 8);
        assert_eq!(size(0b11) - size(0), 16);
        Ok(())
    }
}
