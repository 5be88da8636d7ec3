// SPDX-License-Identifier: GPL-2.0

//! Where netlink messages are sent from.

use kernel::prelude::*;

use crate::protocol::context;

use super::word::Word;

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// As [`Self::Hard`] while nothing speaks against it, and otherwise as [`Self::Bh`]: a tap, or
    /// a crowd of listeners, each of which would make the handler longer.
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

/// With more receivers than this, [`Context::Auto`] leaves sending to a bottom half.
const CROWD: usize = 8;

/// With at most so many receivers it takes it back.
const FEW: usize = CROWD / 2;

/// What was asked for, and who sends now.
pub(super) struct Contexts {
    asked: Word,
    /// Who may send as far as taps go.
    allowed: Word,
    /// 1 when the handler leaves it to a bottom half because there are many receivers, else 0.
    is_crowded: Word,
}

impl Contexts {
    /// `asked` was asked for. Until someone says otherwise, messages are sent from a bottom half,
    /// which is always allowed.
    pub(super) fn new(asked: Context) -> Self {
        Self {
            asked: Word::new(asked.as_raw().into()),
            allowed: Word::new(By::Bh.as_raw().into()),
            is_crowded: Word::new(0),
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
        // CAST: It was a `u32`.
        let allowed = self.allowed.read() as u32;
        if allowed == context::HARD && self.is_crowded.read() != 0 {
            context::BH
        } else {
            allowed
        }
    }

    /// Lets `by` send from here on, or a bottom half where there are many receivers.
    pub(super) fn let_send(&self, by: By) {
        self.is_crowded.write(0);
        self.allowed.write(by.as_raw().into());
    }

    /// Takes note of how many receivers the last message had. To be called by one at a time.
    #[inline]
    pub(super) fn note_receivers(&self, receivers: usize) {
        let was_crowded = self.is_crowded.read() != 0;
        let is_crowded = receivers > if was_crowded { FEW } else { CROWD };
        if is_crowded != was_crowded && self.asked.read() as u32 == context::AUTO {
            self.is_crowded.write(is_crowded.into());
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
    fn auto_leaves_crowds_to_a_bottom_half() {
        for (asked, expected) in [(Context::Auto, context::BH), (Context::Hard, context::HARD)] {
            let contexts = Contexts::new(asked);
            contexts.let_send(By::Handler);
            contexts.note_receivers(CROWD);
            assert_eq!(contexts.now(), context::HARD);
            contexts.note_receivers(CROWD + 1);
            assert_eq!(contexts.now(), expected);
            contexts.note_receivers(FEW + 1);
            assert_eq!(contexts.now(), expected);
            contexts.note_receivers(FEW);
            assert_eq!(contexts.now(), context::HARD);
        }
    }
}
