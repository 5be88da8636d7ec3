//! When hooks of a rule run, how many of them, and what becomes of those that cannot.

use std::time::{Duration, Instant};

/// When hooks of a rule run, how many of them, and what becomes of those that cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Which of them wait for each other.
    pub order: Order,
    /// How many run at the same time, at least 1; a share of all that may run where it is `None`.
    pub concurrency: Option<usize>,
    /// How many may wait, at least 1; as the limit `queue` says where it is `None`.
    pub queue: Option<usize>,
    /// What is done when that many wait.
    pub when_full: WhenFull,
    /// How many may start in a time.
    pub rate_limit: Option<RateLimit>,
    /// Whether events become one.
    pub gather: Option<Gather>,
    /// Whether hooks that fail run again.
    pub retry: Option<Retry>,
}

/// Which hooks of a rule wait for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those of one device run one after the other, in the order of its events.
    #[default]
    Device,
    /// None does. They start in the order of the events.
    Free,
}

/// What is done when as many hooks of a rule wait as may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// No event is taken, of any device or for any rule, until half of them have started.
    #[default]
    HoldBack,
    /// The hook that has waited longest is dropped.
    DropOldest,
    /// The hook that would be added is dropped.
    DropNewest,
}

/// How many hooks may start in a time, whichever their device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many, from 1 to 10000.
    pub count: usize,
    /// In any stretch of time as long as this.
    pub per: Duration,
    /// What is done with more.
    pub beyond: Beyond,
}

/// What is done with hooks beyond the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beyond {
    /// They wait.
    #[default]
    Wait,
    /// They are dropped.
    Drop,
}

/// Events of one device become one while they wait: the last one, with the count and the range of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gather {
    /// The hook waits until no more came for this long.
    pub debounce: Option<Duration>,
    /// The hook waits this long after the first, and no longer.
    pub coalesce: Option<Duration>,
}

impl Gather {
    /// When the hook may start, of which the first event came at `first` and the last one at `last`.
    #[must_use]
    pub fn ready_at(&self, first: Instant, last: Instant) -> Instant {
        let quiet = self.debounce.map(|debounce| last + debounce);
        let latest = self.coalesce.map(|coalesce| first + coalesce);
        quiet.into_iter().chain(latest).min().unwrap_or(first)
    }
}

/// Hooks run again that end with one of some exit statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The statuses, from 1 to 255.
    pub exit_statuses: Vec<u8>,
    /// How often, beside the first time.
    pub times: u32,
    /// Time until the first time again. It doubles each time.
    pub delay: Duration,
    /// Longest time that it grows to.
    pub max_delay: Duration,
}

impl Retry {
    /// How long to wait after this attempt, counted from 1, ended with this status. `None` is for ever.
    #[must_use]
    pub fn after(&self, attempt: u32, status: i32) -> Option<Duration> {
        let again = attempt <= self.times
            && self
                .exit_statuses
                .iter()
                .any(|&wanted| i32::from(wanted) == status);
        let factor = 2u32.checked_pow(attempt.saturating_sub(1));
        let delay = factor.and_then(|factor| self.delay.checked_mul(factor));
        again.then(|| delay.unwrap_or(Duration::MAX).min(self.max_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let retry = Retry {
            exit_statuses: vec![75, 111],
            times: 40,
            delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(10),
        };
        let seconds = |attempt, status| retry.after(attempt, status).map(|delay| delay.as_secs());
        assert_eq!(seconds(1, 75), Some(1));
        assert_eq!(seconds(2, 111), Some(2));
        assert_eq!(seconds(4, 75), Some(8));
        assert_eq!(seconds(5, 75), Some(10));
        assert_eq!(seconds(40, 75), Some(10));
        assert_eq!(seconds(41, 75), None);
        assert_eq!(seconds(1, 1), None);
    }

    #[test]
    fn gathering_ends_when_it_is_quiet_or_at_the_latest() {
        let second = Duration::from_secs(1);
        let first = Instant::now();
        let check = |debounce: Option<Duration>, coalesce: Option<Duration>, last, expected| {
            let gather = Gather { debounce, coalesce };
            assert_eq!(gather.ready_at(first, first + last), first + expected);
        };
        check(Some(second), None, 3 * second, 4 * second);
        check(None, Some(2 * second), second, 2 * second);
        check(Some(second), Some(5 * second), 3 * second, 4 * second);
        check(Some(second), Some(5 * second), 9 * second / 2, 5 * second);
        check(None, None, 3 * second, Duration::ZERO);
    }
}
