// SPDX-License-Identifier: GPL-2.0

//! The operation `history-get`: events that a device still holds.

use kernel::prelude::*;

use crate::irqcast::{
    genetlink::{
        AttributePolicy,
        Dump,
        Dumper,
        Range,
        Request, //
    },
    protocol::event, //
};

use super::{
    record::{
        Record,
        RECORD_WORDS, //
    },
    registry, //
};

/// The operation `history-get`.
pub(super) enum HistoryGet {}

/// Attributes up to the highest that the operation takes.
const ATTRIBUTES: usize = event::COUNT as usize + 1;

/// How many events a request may ask for.
static COUNTS: Range = Range::new(1, u32::MAX as u64);

const fn policy() -> [AttributePolicy; ATTRIBUTES] {
    let mut policy = [const { AttributePolicy::UNUSED }; ATTRIBUTES];
    policy[event::DEVICE as usize] = AttributePolicy::U32;
    policy[event::SEQ as usize] = AttributePolicy::U64;
    policy[event::COUNT as usize] = AttributePolicy::u32_within(&COUNTS);
    policy
}

static POLICY: [AttributePolicy; ATTRIBUTES] = policy();

/// What a request asks for.
struct Asked {
    device: u32,
    since: u64,
    count: u64,
}

impl Asked {
    fn read(request: &Request<'_>) -> Result<Self> {
        Ok(Self {
            device: request.u32(event::DEVICE)?,
            since: match request.has(event::SEQ) {
                true => request.u64(event::SEQ)?,
                false => 1,
            },
            count: match request.has(event::COUNT) {
                true => request.u32(event::COUNT)?.into(),
                false => u64::MAX,
            },
        })
    }
}

impl Dump for HistoryGet {
    const POLICY: &'static [AttributePolicy] = &POLICY;

    /// Lists the events that the device held when the dump began. One that the handler overwrites
    /// before its turn comes is left out, as the sequence numbers of the others show.
    fn dump(dumper: &mut Dumper<'_>) -> Result {
        let asked = dumper.with_request(|request| {
            // It says where there is no such device. Its number is the same attribute everywhere.
            registry::with_device(request, |_, _| Ok(()))?;
            Asked::read(request)
        })?;

        registry::with_number(asked.device, |device, family| {
            let source = device.source();
            let ring = source.ring();

            if dumper.end() == 0 {
                let oldest = ring.oldest();
                let first = asked.since.max(oldest);
                let end = ring.head().min(first.saturating_add(asked.count - 1));
                // CAST: A `usize` has 64 bits, see `word`.
                dumper.set_position(first as usize);
                dumper.set_end(end as usize);
            }

            while dumper.position() <= dumper.end() {
                let mut words = [0; RECORD_WORDS];
                // CAST: As above.
                let Some(seq) = ring.read_from(dumper.position() as u64, &mut words) else {
                    break;
                };
                // What came after the beginning of the dump is another request's.
                if seq as usize > dumper.end() {
                    break;
                }
                let record = Record::from_words(words);
                dumper.message(family, |attributes| source.put_event(&record, attributes))?;
                dumper.set_position(seq as usize + 1);
            }
            Ok(())
        })
    }
}
