// SPDX-License-Identifier: GPL-2.0

//! The netlink message of an event.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use crate::irqcast::{
    genetlink::{
        self,
        Gfp,
        Place,
        Prepared,
        Ready, //
    },
    protocol::{
        command,
        event, //
    }, //
};

use super::{
    record::Record,
    source::Source, //
};

/// Number of messages that listeners may have unread before the handler asks for memory.
const BUFFERS: usize = 16;

/// The messages of one device's events. All that is the same in each is written once.
pub(super) struct EventMessage {
    prepared: Prepared,
    seq: Place<8>,
    time_ns: Place<8>,
    cause: Place<4>,
    /// Attributes of the words of data.
    data: &'static [u16],
}

impl EventMessage {
    /// Prepares messages of the events of `source`. May sleep.
    pub(super) fn new(source: &Source, family: &Arc<genetlink::Registration>) -> Result<Self> {
        let blank = Record {
            device: source.number(),
            ..Record::default()
        };
        let prepared = Prepared::new(
            family,
            command::EVENT_NTF,
            source.event_size(&blank),
            source.data().len() * genetlink::size::u32(),
            BUFFERS,
            |attributes| source.put_event(&blank, attributes),
        )?;

        Ok(Self {
            seq: prepared.place(event::SEQ)?,
            time_ns: prepared.place(event::TIME_NS)?,
            cause: prepared.place(event::CAUSE)?,
            data: source.data(),
            prepared,
        })
    }

    /// Returns the message of an event.
    ///
    /// Returns [`ENOMEM`] when it needs memory, because listeners lag behind, and there is none.
    pub(super) fn of(&mut self, record: &Record) -> Result<Ready<'_>> {
        let (seq, time_ns, cause, data) = (self.seq, self.time_ns, self.cause, self.data);

        self.prepared.message(Gfp::Atomic, |draft| {
            draft.set(seq, record.seq.to_ne_bytes())?;
            draft.set(time_ns, record.time_ns.to_ne_bytes())?;
            draft.set(cause, record.cause.to_ne_bytes())?;
            if record.present != 0 {
                for (place, value) in record.data() {
                    draft.add_u32(*data.get(place).ok_or(EINVAL)?, value)?;
                }
            }
            Ok(())
        })
    }
}
