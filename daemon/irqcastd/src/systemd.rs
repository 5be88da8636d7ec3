//! Tells a service manager how the daemon is, as `sd_notify(3)` says.
//!
//! Nothing is told where nobody asked for it (`NOTIFY_SOCKET`), and without `WATCHDOG_USEC` nothing wakes
//! the daemon up for it.

use sd_notify::NotifyState;
use std::env;
use std::fmt;
use std::time::{Duration, Instant};
use tracing::warn;

/// How the daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether the driver is there.
    pub joined: bool,
    /// Whether no event is taken, because too many hooks wait.
    pub holds_back: bool,
    /// Whether the daemon is about to end.
    pub stopping: bool,
    /// How many rules it has.
    pub rules: usize,
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self {
            Self { stopping: true, .. } => "waits for running hooks to end",
            Self {
                holds_back: true, ..
            } => "takes no events, because too many hooks wait",
            Self { joined: true, .. } => "receives events",
            Self { .. } => "waits for the driver",
        };
        let plural = if self.rules == 1 { "" } else { "s" };
        write!(formatter, "{state}; {} rule{plural}", self.rules)
    }
}

/// The service manager.
pub struct ServiceManager {
    listens: bool,
    /// What it was told last.
    told: Option<Condition>,
    watchdog: Option<Watchdog>,
    /// Telling failed, which was told.
    fails: bool,
}

struct Watchdog {
    /// Half of what it waits for.
    interval: Duration,
    next: Instant,
}

impl ServiceManager {
    /// The one that started the daemon, if any.
    pub fn from_environment() -> Self {
        let interval = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        Self {
            listens: env::var_os("NOTIFY_SOCKET").is_some(),
            told: None,
            watchdog: interval.map(|interval| Watchdog {
                interval,
                next: Instant::now(),
            }),
            fails: false,
        }
    }

    /// The daemon works from now on: no event that comes can be missed.
    pub fn ready(&mut self, condition: Condition) {
        self.told = Some(condition);
        let status = condition.to_string();
        self.tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// The daemon takes its configuration anew, and says [`Self::ready`] then.
    pub fn reloading(&mut self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(reason) => warn!(%reason, "failed to read the clock"),
        }
    }

    /// The daemon is about to end.
    pub fn stopping(&mut self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// When it is to be told that the daemon is alive.
    pub fn deadline(&self) -> Option<Instant> {
        self.watchdog.as_ref().map(|watchdog| watchdog.next)
    }

    /// Tells what has changed, and that the daemon is alive if it is time for that.
    pub fn keep_up(&mut self, condition: Condition) {
        if self.told.is_some_and(|told| told != condition) {
            self.told = Some(condition);
            self.tell(&[NotifyState::Status(&condition.to_string())]);
        }
        let now = Instant::now();
        let due = self
            .watchdog
            .as_mut()
            .filter(|watchdog| watchdog.next <= now);
        if let Some(watchdog) = due {
            watchdog.next = now + watchdog.interval;
            self.tell(&[NotifyState::Watchdog]);
        }
    }

    fn tell(&mut self, what: &[NotifyState<'_>]) {
        if !self.listens {
            return;
        }
        match sd_notify::notify(what) {
            Ok(()) => self.fails = false,
            Err(reason) if !self.fails => {
                self.fails = true;
                warn!(%reason, "failed to talk to the service manager; NOTIFY_SOCKET says where it is");
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_says_what_matters_most() {
        let check = |joined, holds_back, stopping, rules, expected: &str| {
            let condition = Condition {
                joined,
                holds_back,
                stopping,
                rules,
            };
            assert_eq!(condition.to_string(), expected);
        };
        check(false, false, false, 1, "waits for the driver; 1 rule");
        check(true, false, false, 2, "receives events; 2 rules");
        check(
            true,
            true,
            false,
            2,
            "takes no events, because too many hooks wait; 2 rules",
        );
        check(
            true,
            true,
            true,
            2,
            "waits for running hooks to end; 2 rules",
        );
    }
}
