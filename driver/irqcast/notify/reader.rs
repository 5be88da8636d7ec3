// SPDX-License-Identifier: GPL-2.0

//! Files of the character device, each with its own place in the device's events.

use core::mem::{
    size_of,
    size_of_val, //
};

use kernel::{
    iov::IovIterDest,
    mm::virt::VmaNew,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        new_mutex,
        Arc,
        Mutex, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

use crate::irqcast::{
    chardev::{
        OpenFile,
        Patience,
        Polling,
        Readiness,
        SignalQueue, //
    },
    eventfd::EventFd,
    protocol::ioctl, //
};

use super::{
    paths::eventfd::Owner,
    record::{
        LOST_WORD,
        RECORD_WORDS, //
    },
    source::Source, //
};

/// A file that is open.
///
/// The ring is its queue: it holds what the file has not read yet, unless the file is so late that
/// the handler had to overwrite it.
#[pin_data(PinnedDrop)]
pub(super) struct Reader {
    source: Arc<Source>,
    /// Sequence number of the next event to read. Changed by whoever has locked `record`.
    next: Atomic<u64>,
    /// The record that is being read, with its payload.
    #[pin]
    record: Mutex<KVec<u64>>,
}

impl Reader {
    /// Copies the next event to `record`, and returns its sequence number if there is one.
    fn fetch(&self, record: &mut [u64]) -> Option<u64> {
        self.source
            .ring()
            .read_from(self.next.load(Relaxed), record)
    }

    /// Goes on after the event `seq`, which has been copied to the process.
    fn advance(&self, seq: u64, record: &[u64]) {
        self.next.store(seq + 1, Relaxed);
        if let Some(lost @ 1..) = record.get(LOST_WORD) {
            self.source.counters().count_reader_overrun(*lost);
        }
    }

    /// Copies whole records to a process, as many as there are and fit. Returns the number of bytes.
    ///
    /// A record that could not be copied as a whole stays the next one.
    fn copy(&self, record: &mut [u64], to: &mut IovIterDest<'_>) -> Result<usize> {
        let size = size_of_val(record);
        let mut copied = 0;

        while to.len() >= size {
            let Some(seq) = self.fetch(record) else {
                break;
            };
            if to.copy_to_iter(record.as_bytes()) != size {
                return if copied == 0 { Err(EFAULT) } else { Ok(copied) };
            }
            self.advance(seq, record);
            copied += size;
        }
        Ok(copied)
    }

    /// Returns whether there is something to read, or never will be. Does not sleep.
    fn is_ready(&self) -> bool {
        let ring = self.source.ring();
        ring.is_ended() || ring.head() >= self.next.load(Relaxed)
    }

    /// Returns the next event, without its payload, through a pointer.
    fn next_event(&self, to: UserSlice) -> Result {
        let mut record = self.record.lock();
        let is_ended = self.source.ring().is_ended();
        let seq = self
            .fetch(&mut record)
            .ok_or(if is_ended { ENODEV } else { EAGAIN })?;

        to.writer().write_slice(record[..RECORD_WORDS].as_bytes())?;
        self.advance(seq, &record);
        Ok(())
    }

    /// Makes the event of this sequence number the next one to read: one that has been, or the next
    /// that will be.
    fn set_next(&self, from: UserSlice) -> Result {
        let next = from.reader().read::<u64>()?;
        let _record = self.record.lock();

        if !(1..=self.source.ring().head() + 1).contains(&next) {
            return Err(ERANGE);
        }
        self.next.store(next, Relaxed);
        Ok(())
    }
}

/// Returns the eventfd whose descriptor `from` holds.
fn eventfd(from: UserSlice) -> Result<EventFd> {
    EventFd::from_descriptor(from.reader().read()?)
}

#[pinned_drop]
impl PinnedDrop for Reader {
    fn drop(self: Pin<&mut Self>) {
        self.source.eventfd().remove_all(Owner::of(&*self));
    }
}

impl OpenFile for Reader {
    type Device = Source;
    type Module = crate::LocalModule;

    fn open(source: &Arc<Source>) -> impl PinInit<Self, Error> {
        let ring = source.ring();
        let (next, words) = (ring.head() + 1, ring.record_words());

        try_pin_init!(Self {
            source: source.clone(),
            next: Atomic::new(next),
            record <- new_mutex!(KVec::from_elem(0, words, GFP_KERNEL)?, "Reader::record"),
        })
    }

    fn signals(source: &Source) -> &SignalQueue {
        source.signal().queue()
    }

    fn read(&self, to: &mut IovIterDest<'_>, patience: Patience) -> Result<usize> {
        loop {
            let mut record = if patience == Patience::DontBlock {
                self.record.try_lock().ok_or(EAGAIN)?
            } else {
                self.record.lock()
            };
            if to.len() < size_of_val(record.as_slice()) {
                return Err(EINVAL);
            }
            // Before looking for events, since none come after it.
            let is_ended = self.source.ring().is_ended();
            let copied = self.copy(&mut record, to)?;
            drop(record);

            match (copied, patience) {
                (1.., _) => return Ok(copied),
                (0, _) if is_ended => return Err(ENODEV),
                (0, Patience::Sleep) => {
                    let waiting = self.source.chardev().waiting();
                    waiting.wait(|| self.is_ready())?;
                }
                (0, _) => return Err(EAGAIN),
            }
        }
    }

    fn poll(&self, polling: &Polling<'_>) -> Readiness {
        polling.wait_in(self.source.chardev().waiting());

        let ring = self.source.ring();
        let end = if ring.is_ended() {
            Readiness::HUNG_UP
        } else {
            Readiness::NOTHING
        };
        if ring.head() >= self.next.load(Relaxed) {
            end.and(Readiness::READABLE)
        } else {
            end
        }
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<isize> {
        let slice = |length| UserSlice::new(UserPtr::from_addr(argument), length);

        match command {
            ioctl::NEXT => self.next_event(slice(size_of::<u64>() * RECORD_WORDS))?,
            ioctl::SET_NEXT => self.set_next(slice(size_of::<u64>()))?,
            ioctl::ADD_EVENTFD => {
                let eventfd = eventfd(slice(size_of::<i32>()))?;
                self.source.eventfd().add(Owner::of(self), eventfd)?;
            }
            ioctl::REMOVE_EVENTFD => {
                let eventfd = eventfd(slice(size_of::<i32>()))?;
                self.source.eventfd().remove(Owner::of(self), &eventfd)?;
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }

    fn mmap(&self, area: &VmaNew, offset: usize) -> Result {
        if offset != 0 {
            return Err(EINVAL);
        }
        self.source.ring().map(area)
    }
}
