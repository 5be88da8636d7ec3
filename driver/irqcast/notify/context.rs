// SPDX-License-Identifier: GPL-2.0

//! Where netlink messages are sent from.

use kernel::prelude::*;

use crate::irqcast::protocol::context;

use super::word::Word;

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// As [`Self::Hard`] while nothing speaks against it. While a tap is up, or while messages have
    /// more than one receiver, each of which would make the handler longer, as [`Self::Bh`]; and
    /// as [`Self::Thread`] while they have so many that they would keep a bottom half busy.
    Auto,
    /// From the interrupt handler.
    Hard,
    /// From a bottom half, in soft interrupt context.
    Bh,
    /// From the thread that belongs to the interrupt.
    Thread,
}

impl Context {
    /// Returns the context with this number in the spec, or [`EINVAL`].
    pub(crate) fn from_raw(number: u32) -> Result<Self> {
        match number {
            context::AUTO => Ok(Self::Auto),
            context::HARD => Ok(Self::Hard),
            context::BH => Ok(Self::Bh),
            context::THREAD => Ok(Self::Thread),
            _ => Err(EINVAL),
        }
    }

    /// Returns the number in the spec.
    pub(super) fn as_raw(self) -> u32 {
        match self {
            Self::Auto => context::AUTO,
            Self::Hard => context::HARD,
            Self::Bh => context::BH,
            Self::Thread => context::THREAD,
        }
    }

    /// Returns who sends, while netlink taps are up or not.
    ///
    /// A tap gets a copy of each message through the transmit path of network devices, which must
    /// not be entered in hard interrupt context.
    pub(super) fn sender(self, taps: bool) -> By {
        match self {
            Self::Auto | Self::Hard if taps => By::Bh,
            Self::Auto | Self::Hard => By::Handler,
            Self::Bh => By::Bh,
            Self::Thread => By::Thread,
        }
    }
}

/// Who sends an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// The interrupt handler itself. With PREEMPT_RT that is a thread.
    Handler,
    /// A work item in a bottom half.
    Bh,
    /// A thread.
    Thread,
}

impl By {
    /// Returns the number of the context in the spec.
    pub(super) const fn as_raw(self) -> u32 {
        match self {
            Self::Handler => context::HARD,
            Self::Bh => context::BH,
            Self::Thread => context::THREAD,
        }
    }
}

/// To so many receivers [`Context::Auto`] sends from the handler.
const ALONE: usize = 1;

/// To so many it sends from a bottom half, and to more from a thread.
///
/// A bottom half runs in the way of all processes of its processor, also of those that watch over
/// it: a few hundred receivers kept one from them for half a minute, with the checks of a debug
/// kernel.
const COMPANY: usize = 8;

/// After so many messages in turn that had fewer receivers, they are taken to be fewer. Those who
/// have read a message at once are not counted.
const CALM: u64 = 16;

/// What was asked for, and who sends now.
pub(super) struct Contexts {
    asked: Word,
    /// Who may send as far as taps go.
    allowed: Word,
    /// Who should send as far as the number of receivers goes.
    advised: Word,
    /// Messages in turn for which that was too much.
    calm: Word,
}

impl Contexts {
    /// `asked` was asked for. Until someone says otherwise, messages are sent from a bottom half,
    /// which is always allowed.
    pub(super) fn new(asked: Context) -> Self {
        Self {
            asked: Word::new(asked.as_raw().into()),
            allowed: Word::new(By::Bh.as_raw().into()),
            advised: Word::new(By::Handler.as_raw().into()),
            calm: Word::new(0),
        }
    }

    /// Returns the number of what was asked for.
    pub(super) fn asked(&self) -> u32 {
        // CAST: It was a `u32`.
        self.asked.read() as u32
    }

    /// Asks for a context.
    pub(super) fn ask(&self, context: Context) {
        self.asked.write(context.as_raw().into());
    }

    /// Returns the number of the context that messages are sent from.
    #[inline]
    pub(super) fn now(&self) -> u32 {
        // CAST: They were `u32`.
        let (allowed, advised) = (self.allowed.read() as u32, self.advised.read() as u32);
        if advised != context::HARD && self.asked() == context::AUTO {
            advised
        } else {
            allowed
        }
    }

    /// Lets `by` send from here on, or who is better where there are many receivers, see
    /// [`Self::now`].
    pub(super) fn let_send(&self, by: By) {
        // Should this meet `note_receivers`, either outcome is good for some messages.
        self.advised.write(context::HARD.into());
        self.allowed.write(by.as_raw().into());
    }

    /// Takes note of how many receivers the last message had. To be called by one at a time.
    #[inline]
    pub(super) fn note_receivers(&self, receivers: usize) {
        let enough = if receivers <= ALONE {
            By::Handler
        } else if receivers <= COMPANY {
            By::Bh
        } else {
            By::Thread
        };
        // The numbers of the contexts grow with what they can take on.
        let (enough, advised) = (u64::from(enough.as_raw()), self.advised.read());
        if enough == advised && enough == u64::from(context::HARD) {
            return;
        }

        let calm = if enough < advised {
            self.calm.read() + 1
        } else {
            0
        };
        if enough > advised || calm >= CALM {
            self.advised.write(enough);
            self.calm.write(0);
        } else {
            self.calm.write(calm);
        }
    }
}

#[kunit_tests(irqcast_context)]
mod tests {
    use super::*;

    #[test]
    fn the_handler_does_not_send_while_a_tap_is_up() {
        for (context, without, with) in [
            (Context::Auto, By::Handler, By::Bh),
            (Context::Hard, By::Handler, By::Bh),
            (Context::Bh, By::Bh, By::Bh),
            (Context::Thread, By::Thread, By::Thread),
        ] {
            assert_eq!(context.sender(false), without);
            assert_eq!(context.sender(true), with);
            assert!(Context::from_raw(context.as_raw()) == Ok(context));
        }
        assert!(Context::from_raw(4) == Err(EINVAL));
    }

    #[test]
    fn auto_spares_the_handler_and_the_bottom_half() {
        let [auto, hard] = [Context::Auto, Context::Hard].map(Contexts::new);
        for contexts in [&auto, &hard] {
            contexts.let_send(By::Handler);
        }
        let see = |receivers, messages, expected| {
            for contexts in [&auto, &hard] {
                for _ in 0..messages {
                    contexts.note_receivers(receivers);
                }
            }
            assert_eq!(auto.now(), expected);
            assert_eq!(hard.now(), context::HARD);
        };
        see(ALONE, 1, context::HARD);
        see(ALONE + 1, 1, context::BH);
        see(COMPANY, 1, context::BH);
        see(COMPANY + 1, 1, context::THREAD);
        see(COMPANY, CALM - 1, context::THREAD);
        see(COMPANY, 1, context::BH);
        see(ALONE, CALM - 1, context::BH);
        see(ALONE + 1, 1, context::BH);
        see(ALONE, CALM - 1, context::BH);
        see(ALONE, 1, context::HARD);
    }

    #[test]
    fn a_tap_keeps_the_handler_from_sending_to_few() {
        let contexts = Contexts::new(Context::Auto);
        contexts.let_send(By::Bh);
        contexts.note_receivers(ALONE);
        assert_eq!(contexts.now(), context::BH);
        contexts.note_receivers(COMPANY + 1);
        assert_eq!(contexts.now(), context::THREAD);
    }
}
