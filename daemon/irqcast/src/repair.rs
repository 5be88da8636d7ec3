//! Puts a stream of events in order: finds what is missing, has it fetched from the driver's history,
//! and tells what could not be had. Pure: what it learns of the driver comes through [`History`].
//!
//! A gap in the sequence numbers shows what was missed *before* an event. After an overrun the last
//! events may be missing too, with none after them to show it, so once the queue is empty the driver is
//! asked how far each device has come ([`Repair::caught_up`]).

use crate::event::{Event, Lost};
use std::collections::{HashMap, VecDeque};

/// How far a device has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Instance number of the device.
    pub device: u32,
    /// Tells this life of the device from earlier ones with the same instance number.
    pub incarnation: u64,
    /// Sequence number of its last event; before the first, one less than its own.
    pub last: u64,
}

/// Events of one life of a device: `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Instance number of the device.
    pub device: u32,
    /// The life of the device.
    pub incarnation: u64,
    /// Sequence number of the first event.
    pub from: u64,
    /// Sequence number of the last event, at least `from`.
    pub to: u64,
}

/// Sequence number of a device's first event, unless the driver was told to begin elsewhere. A range
/// that begins with it begins with the first event, whatever its number.
pub const FIRST: u64 = 1;

/// What the driver still holds.
pub trait History {
    /// Why it could not be asked.
    type Error;

    /// Returns events of `range` that are still held, in order: the first of those, and as many after it
    /// as suits. None means that none is held.
    fn fetch(&mut self, range: Range) -> Result<Vec<Event>, Self::Error>;

    /// Returns the sequence number of the first event of this life of the device, or [`FIRST`] where
    /// the driver does not know that life any more.
    fn first(&mut self, device: u32, incarnation: u64) -> Result<u64, Self::Error>;
}

/// What a listener is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An event as it was received.
    Event(Event),
    /// An event that was fetched from the history; its field `replayed` is set.
    Replayed(Event),
    /// Events that cannot be had any more.
    Lost(Lost),
}

/// The order of each device's events.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    seen: HashMap<u32, Seen>,
    /// Whether a device that is not in `seen` was not there when the stream began.
    others_are_new: bool,
    todo: VecDeque<Todo>,
}

/// What is known of a device's last event.
#[derive(Clone, Copy, Debug)]
struct Seen {
    incarnation: u64,
    last: u64,
    /// The driver said so when the stream began: this one and earlier ones may or may not arrive.
    is_start: bool,
}

/// What is to be told, in this order.
#[derive(Clone, Debug)]
enum Todo {
    Fetch(Range),
    Tell(Told),
}

impl Repair {
    /// Nothing known: the first event of each device is taken as it comes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a stream after these events. A device that is not among them binds later, and is told of
    /// from its first event on.
    ///
    /// A stream that has begun before goes on: what came since is fetched.
    pub fn begin(&mut self, positions: impl IntoIterator<Item = Position>) {
        if self.others_are_new {
            return self.caught_up(positions);
        }
        for position in positions {
            self.seen.entry(position.device).or_insert(Seen {
                incarnation: position.incarnation,
                last: position.last,
                is_start: true,
            });
        }
        self.others_are_new = true;
    }

    /// Continues a stream that was told everything up to these positions, but is to be told `again` of
    /// these. What came after the positions is fetched when the stream begins. Lives of devices that
    /// have ended since cannot be fetched: of them, what is to be told again is lost.
    pub fn resume(
        &mut self,
        told: impl IntoIterator<Item = Position>,
        again: impl IntoIterator<Item = Range>,
    ) {
        for told in told {
            self.note(told.device, told.incarnation, told.last);
        }
        self.others_are_new = true;
        self.todo.extend(again.into_iter().map(Todo::Fetch));
    }

    /// Whether a stream has begun. From then on every life of a device is told from its first event.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.others_are_new
    }

    /// Takes an event that was received.
    pub fn received(&mut self, event: Event) {
        let seen = self.seen.get(&event.device).copied();
        let next = match seen {
            None if self.others_are_new => FIRST,
            None => event.seq,
            Some(seen) if seen.incarnation != event.incarnation => FIRST,
            Some(seen) if seen.is_start && event.seq <= seen.last => event.seq,
            // It was fetched already.
            Some(seen) if event.seq <= seen.last => return,
            Some(seen) => seen.last + 1,
        };
        self.note(event.device, event.incarnation, event.seq);
        if event.seq > next {
            self.todo.push_back(Todo::Fetch(Range {
                device: event.device,
                incarnation: event.incarnation,
                from: next,
                to: event.seq - 1,
            }));
        }
        self.todo.push_back(Todo::Tell(Told::Event(event)));
    }

    /// Takes where the devices stood when, after an overrun, the queue was found empty.
    pub fn caught_up(&mut self, positions: impl IntoIterator<Item = Position>) {
        for Position {
            device,
            incarnation,
            last,
        } in positions
        {
            let told = match self.seen.get(&device) {
                Some(seen) if seen.incarnation == incarnation => seen.last,
                Some(_) => 0,
                None if self.others_are_new => 0,
                None => last,
            };
            if last > told {
                self.todo.push_back(Todo::Fetch(Range {
                    device,
                    incarnation,
                    from: told + 1,
                    to: last,
                }));
            }
            self.note(device, incarnation, last.max(told));
        }
    }

    /// The next thing to tell, or `None` when all was told.
    ///
    /// # Errors
    ///
    /// What `history` fails with; what was to be fetched then is still to be told.
    pub fn next<H: History>(&mut self, history: &mut H) -> Result<Option<Told>, H::Error> {
        loop {
            match self.todo.pop_front() {
                None => return Ok(None),
                Some(Todo::Tell(told)) => return Ok(Some(told)),
                Some(Todo::Fetch(range)) => match fetch(history, range) {
                    Ok(Some((range, events))) => self.insert(range, events),
                    Ok(None) => {}
                    Err(error) => {
                        self.todo.push_front(Todo::Fetch(range));
                        return Err(error);
                    }
                },
            }
        }
    }

    /// Gives up what is still to be fetched: it is told as lost.
    pub fn give_up(&mut self) {
        for todo in &mut self.todo {
            if let Todo::Fetch(range) = todo {
                *todo = Todo::Tell(lost(*range));
            }
        }
    }

    /// The same for one device, which is gone.
    pub fn give_up_device(&mut self, device: u32) {
        for todo in &mut self.todo {
            if let Todo::Fetch(range) = todo
                && range.device == device
            {
                *todo = Todo::Tell(lost(*range));
            }
        }
    }

    /// The driver went away, and every device begins a new life when it is back. What is still to be
    /// told stays.
    pub fn end(&mut self) {
        self.give_up();
        self.others_are_new = true;
    }

    fn note(&mut self, device: u32, incarnation: u64, last: u64) {
        let seen = Seen {
            incarnation,
            last,
            is_start: false,
        };
        self.seen.insert(device, seen);
    }

    /// Puts what was fetched of `range` before all else, and the rest of it after that.
    fn insert(&mut self, range: Range, events: Vec<Event>) {
        let mut told = Vec::new();
        let mut done = range.from - 1;
        for event in events {
            // What does not belong to it proves nothing, whoever sent it.
            if event.incarnation != range.incarnation || event.seq <= done || event.seq > range.to {
                continue;
            }
            if event.seq > done + 1 {
                told.push(lost(Range {
                    from: done + 1,
                    to: event.seq - 1,
                    ..range
                }));
            }
            done = event.seq;
            told.push(Told::Replayed(Event {
                replayed: true,
                ..event
            }));
        }
        if told.is_empty() {
            told.push(lost(range));
        } else if done < range.to {
            self.todo.push_front(Todo::Fetch(Range {
                from: done + 1,
                ..range
            }));
        }
        for told in told.into_iter().rev() {
            self.todo.push_front(Todo::Tell(told));
        }
    }
}

/// Fetches events of `range`, and returns them with what is left of it where the life of the device
/// began later. `None`: all of it is before that.
fn fetch<H: History>(
    history: &mut H,
    range: Range,
) -> Result<Option<(Range, Vec<Event>)>, H::Error> {
    let from = match range.from {
        FIRST => history.first(range.device, range.incarnation)?,
        from => from,
    };
    if from > range.to {
        return Ok(None);
    }
    let range = Range { from, ..range };
    Ok(Some((range, history.fetch(range)?)))
}

fn lost(range: Range) -> Told {
    let Range {
        device,
        incarnation,
        from,
        to,
    } = range;
    Told::Lost(Lost {
        device,
        incarnation,
        from,
        to,
    })
}

#[cfg(test)]
mod tests;
