// SPDX-License-Identifier: GPL-2.0

//! Sending a device's events over netlink, from the interrupt handler or later.
//!
//! Events leave one after the other in their sequence, whoever sends them and however often that
//! changes: sending takes the [`Turn`], which comes with the number of the next event. The handler
//! sends its event itself only if it gets the turn and the event is the next. Otherwise it makes
//! sure that someone sends later, who takes the events from the ring.
//!
//! No event is forgotten: who sends later gives up the turn only when no event is left, and looks
//! once more after it did. If it does not get the turn, another of its kind has it, who will look;
//! or the handler, which then either finds that its own event is the next, or asks again for
//! somebody to send later.

use kernel::{
    impl_has_work,
    new_work,
    prelude::*,
    sync::{
        barrier::{
            smp_mb,
            Full, //
        },
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    workqueue::{
        self,
        Work,
        WorkItem, //
    }, //
};

use crate::irqcast::genetlink::Group;

use super::{
    context::By,
    counters::Outcome,
    message::EventMessage,
    paths::{
        netlink_multicast::Multicast,
        netlink_unicast,
        Path,
        PathSet, //
    },
    record::{
        Record,
        RECORD_WORDS, //
    },
    source::Source,
    turn::{
        Holder,
        Turn, //
    },
    work, //
};

/// How many messages and receivers of messages there are to be before others get a chance to run
/// where events are sent later.
const BATCH: usize = 64;

/// What the interrupt handler has to do after an event.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    Return,
    /// Wake the interrupt's thread, which is to call [`Notifier::run_thread`](super::notifier::Notifier::run_thread).
    WakeThread,
}

/// Sends the events of one device over netlink.
#[pin_data]
pub(super) struct Sender {
    source: Arc<Source>,
    multicast: Multicast,
    turn: Turn<Pending>,
    #[pin]
    work: Work<Sender>,
}

/// What belongs to the one who sends.
struct Pending {
    /// Sequence number of the next event to send.
    next: u64,
    message: EventMessage,
}

impl_has_work! {
    impl HasWork<Self> for Sender { self.work }
}

impl Sender {
    /// Prepares to send the events of `source` to `group` and to registered ports.
    pub(super) fn new(source: Arc<Source>, group: Group) -> Result<Arc<Self>> {
        let pending = Pending {
            next: source.ring().first(),
            message: EventMessage::new(&source, group.family())?,
        };
        Arc::pin_init(
            pin_init!(Self {
                source,
                multicast: Multicast::new(group),
                turn: Turn::new(pending),
                work <- new_work!("irqcast::Sender::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// Sends an event, which is in the ring already, or sees to it that it is sent. To be called by
    /// the handler only.
    #[inline]
    pub(super) fn deliver(self: &Arc<Self>, on: PathSet, record: &Record) -> Then {
        let wanted = Wanted::by(&self.source, &self.multicast, on);

        // Where nobody wants the event there is nothing to leave to others.
        if self.is_to_send(By::Handler) || wanted.is_nothing() {
            if let Some(mut turn) = self.turn.try_take(Holder::Handler) {
                // Once more: whoever takes the handler's right away waits for the end of its turn.
                let may = self.is_to_send(By::Handler) || wanted.is_nothing();
                if may && turn.next == record.seq {
                    let _receivers = self.send(&mut turn, wanted, record, By::Handler);
                    return Then::Return;
                }
            }
        }

        if self.is_to_send(By::Thread) {
            return Then::WakeThread;
        }
        self.clone().send_later();
        Then::Return
    }

    /// Sends what is left to be sent, as the interrupt's thread.
    pub(super) fn run_thread(&self) {
        while self.send_pending(By::Thread) {}
    }

    /// Returns the device whose events these are.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Changes who sends. When this returns, the handler does not send any more unless it is to.
    ///
    /// To be called by one at a time. May sleep.
    pub(super) fn let_send(&self, by: By) {
        self.source.contexts().let_send(by);
        if by != By::Handler {
            while self.turn.is_handlers() {
                fsleep(Delta::from_micros(10));
            }
        }
    }

    /// Sends what is left and stops sending later. To be called when there is no handler any more.
    /// May sleep.
    pub(super) fn finish(self: &Arc<Self>) {
        work::cancel_sync(self);
        self.run_thread();
    }

    fn is_to_send(&self, by: By) -> bool {
        self.source.contexts().now() == by.as_raw()
    }

    fn send_later(self: Arc<Self>) {
        // When it is waiting to run already, that is early enough: the event is in the ring.
        let _ = workqueue::system_bh().enqueue(self);
    }

    /// Sends the next events, and returns whether there are more that nobody else will send.
    fn send_pending(&self, by: By) -> bool {
        let Some(mut turn) = self.turn.try_take(Holder::Later) else {
            return false;
        };
        let mut done = 0;
        while done < BATCH {
            let Some(receivers) = self.send_next(&mut turn, by) else {
                break;
            };
            done += 1 + receivers;
        }
        let next = turn.next;
        drop(turn);

        // A handler whose event is not seen here finds that the turn is free.
        smp_mb(Full);
        self.source.ring().head() >= next
    }

    /// Sends the next event, if there is one, and returns how many receivers it had.
    fn send_next(&self, pending: &mut Pending, by: By) -> Option<usize> {
        let mut words = [0; RECORD_WORDS];
        self.source.ring().read_from(pending.next, &mut words)?;

        let record = Record::from_words(words);
        if record.lost > 0 {
            self.source.counters().count_left_ring(record.lost);
        }
        let wanted = Wanted::by(&self.source, &self.multicast, self.source.on());
        Some(self.send(pending, wanted, &record, by))
    }

    /// Sends an event whose turn it is, counts what became of it, and returns how many receivers it
    /// had.
    fn send(&self, pending: &mut Pending, wanted: Wanted, record: &Record, by: By) -> usize {
        let counters = self.source.counters();
        pending.next = record.seq + 1;

        if let (Err(reason), false) = (wanted.multicast, wanted.unicast) {
            counters.count_outcome(reason);
            return 0;
        }

        let ports = self.source.ports();
        let mut receivers = 0;
        let outcome = match (pending.message.of(record), wanted.multicast) {
            (Ok(message), multicast) => {
                if wanted.unicast {
                    let family = self.multicast.group().family();
                    netlink_unicast::send(&message, family, ports, counters);
                }
                let outcome = match multicast {
                    Ok(()) => self.multicast.send(&message),
                    Err(reason) => reason,
                };
                // Those who have read it already are not counted. They are few, or it is late.
                receivers = message.receivers();
                self.source.contexts().note_receivers(receivers);
                if wanted.unicast || !matches!(outcome, Outcome::NoListener) {
                    counters.count_sent_by(by);
                }
                outcome
            }
            (Err(error), multicast) => {
                if wanted.unicast {
                    counters.count_unicast_errors(ports.count());
                }
                match multicast {
                    Ok(()) if error == ENOMEM => {
                        self.multicast.no_memory();
                        Outcome::AllocFailure
                    }
                    Ok(()) => Outcome::SendError,
                    Err(reason) => reason,
                }
            }
        };
        counters.count_outcome(outcome);
        receivers
    }
}

/// Who wants an event.
#[derive(Clone, Copy)]
struct Wanted {
    /// Whether it is to be multicast, or what becomes of it otherwise.
    multicast: Result<(), Outcome>,
    /// Whether there are ports to send it to.
    unicast: bool,
}

impl Wanted {
    /// Returns who wants an event of `source` on those paths of `on` that are netlink's.
    #[inline]
    fn by(source: &Source, multicast: &Multicast, on: PathSet) -> Self {
        let multicast = if !on.contains(Path::NetlinkMulticast) {
            Err(Outcome::SwitchedOff)
        } else if !multicast.may_be_heard() {
            Err(Outcome::NoListener)
        } else {
            Ok(())
        };

        Self {
            multicast,
            unicast: on.contains(Path::NetlinkUnicast) && source.ports().count() > 0,
        }
    }

    /// Returns whether nobody wants it.
    fn is_nothing(&self) -> bool {
        self.multicast.is_err() && !self.unicast
    }
}

impl WorkItem for Sender {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        if this.send_pending(By::Bh) {
            this.send_later();
        }
    }
}
