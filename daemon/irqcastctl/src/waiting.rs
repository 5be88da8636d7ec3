//! Waits for the event of something that was just asked for.

use crate::failure::Failure;
use crate::target::Target;
use irqcast::{Event, FamilyName, Item, Subscription};
use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// A subscription to a driver that must be loaded.
pub struct Waiting {
    family: FamilyName,
    subscription: Subscription,
    limit: Duration,
}

/// A moment on the clock that the driver's handler reads.
#[derive(Clone, Copy)]
pub struct Moment(u64);

impl Moment {
    /// The present.
    pub fn now() -> Result<Self, Failure> {
        let time = clock_gettime(ClockId::CLOCK_MONOTONIC)
            .map_err(|error| Failure::System("read the clock", error.into()))?;
        let nanoseconds = Duration::from(time).as_nanos();
        // Enough for 584 years since the boot.
        Ok(Self(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
    }
}

impl Waiting {
    /// Subscribes. `limit` is how long each event may take.
    pub fn open(target: &Target, limit: Duration) -> Result<Self, Failure> {
        Ok(Self {
            family: target.family.clone(),
            subscription: target.subscription()?,
            limit,
        })
    }

    /// Waits for the first event of `device` that is not older than `since` and is `wanted`.
    ///
    /// The driver takes an event's time after it has read the cause, so the event that a request
    /// caused, or was merged into, is never older than the request. `what` names it in an error.
    pub fn event_of(
        &mut self,
        device: u32,
        since: Moment,
        what: &dyn Fn() -> String,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event, Failure> {
        let deadline = Instant::now().checked_add(self.limit);
        loop {
            match self.subscription.wait(deadline)? {
                Some(Item::Event(event) | Item::Replayed(event))
                    if event.device == device && event.time_ns >= since.0 && wanted(&event) =>
                {
                    return Ok(event);
                }
                Some(Item::Lost(lost)) if lost.device == device => {
                    return Err(Failure::Lost { what: what(), lost });
                }
                Some(Item::Left) => {
                    let family = self.family.clone();
                    return Err(Failure::Removed {
                        family,
                        what: what(),
                    });
                }
                Some(_) => {}
                None => {
                    return Err(Failure::TimedOut {
                        what: what(),
                        limit: self.limit,
                    });
                }
            }
        }
    }
}
