// SPDX-License-Identifier: GPL-2.0

//! Where netlink messages are sent from.

use kernel::prelude::*;

use crate::protocol::context;

use super::word::Word;

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// As [`Self::Hard`] while nothing speaks against it, and otherwise as [`Self::Bh`].
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

/// What was asked for, and who sends now.
pub(super) struct Contexts {
    asked: Word,
    now: Word,
}

impl Contexts {
    /// `asked` was asked for. Until someone says otherwise, messages are sent from a bottom half,
    /// which is always allowed.
    pub(super) fn new(asked: Context) -> Self {
        Self {
            asked: Word::new(asked.as_raw().into()),
            now: Word::new(By::Bh.as_raw().into()),
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
        self.now.read() as u32
    }

    /// Lets `by` send from here on.
    pub(super) fn let_send(&self, by: By) {
        self.now.write(by.as_raw().into());
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
}
