//! Time limits of hooks: TERM to the process group, then KILL for whoever is left of it.
//!
//! The limit is for the group. What a hook leaves running in it when its program ends is ended at the
//! same time as the program would have been; who wants a process to stay lets it leave the group
//! (`setsid`).

use crate::hook::group::Group;
use crate::metrics;
use crate::rule::Rule;
use crate::timers::Timers;
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use tracing::{Span, warn};

/// Groups without their program that may be waited for, so that hooks which always leave something
/// do not use up the daemon's file descriptors.
const LEFT_MAX: usize = 64;

/// Names a hook with a limit. No two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitId(u64);

/// The hooks that have a limit and have not ended whole.
pub struct TimeLimits {
    timers: Timers<LimitId>,
    groups: BTreeMap<LimitId, Limited>,
    next: u64,
}

struct Limited {
    group: Rc<Group>,
    rule: Rc<Rule>,
    span: Span,
    /// It got TERM.
    terminated: bool,
    /// Its program has ended.
    left: bool,
}

impl TimeLimits {
    /// None.
    pub fn new() -> Self {
        Self {
            timers: Timers::new(),
            groups: BTreeMap::new(),
            next: 0,
        }
    }

    /// Begins to watch a hook that was just started, if its rule has a limit.
    pub fn begin(&mut self, rule: &Rc<Rule>, group: &Rc<Group>, span: &Span) -> Option<LimitId> {
        let limit = rule.program.time_limit?;
        let id = LimitId(self.next);
        self.next += 1;
        self.timers.set(id, Instant::now() + limit);
        self.groups.insert(
            id,
            Limited {
                group: Rc::clone(group),
                rule: Rc::clone(rule),
                span: span.clone(),
                terminated: false,
                left: false,
            },
        );
        Some(id)
    }

    /// The hook's program has ended and was waited for. Returns whether its limit had passed.
    pub fn program_ended(&mut self, id: LimitId) -> bool {
        let Some(limited) = self.groups.get_mut(&id) else {
            // It got KILL.
            return true;
        };
        let terminated = limited.terminated;
        limited.left = true;
        if limited.group.first_is_gone() {
            self.end_oldest();
        } else {
            self.timers.cancel(&id);
            self.groups.remove(&id);
        }
        terminated
    }

    /// The next time at which there is something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Does what is to be done by now.
    pub fn enforce(&mut self, now: Instant, counters: &mut metrics::Hooks) {
        while let Some(id) = self.timers.take_due(now) {
            let Some(limited) = self.groups.get_mut(&id) else {
                continue;
            };
            if limited.terminated {
                limited.kill("hook still runs after its grace; sent KILL to its process group");
                self.groups.remove(&id);
            } else if limited.terminate() {
                counters.time_limit(&limited.rule.name);
                self.timers.set(id, now + limited.rule.program.grace);
            } else {
                self.groups.remove(&id);
            }
        }
    }

    /// Ends the group that was left first, where too many are.
    fn end_oldest(&mut self) {
        let mut left = self.groups.iter().filter(|(_, limited)| limited.left);
        let oldest = left.next().map(|(&id, _)| id);
        if left.count() >= LEFT_MAX
            && let Some(id) = oldest
            && let Some(limited) = self.groups.remove(&id)
        {
            self.timers.cancel(&id);
            limited.kill("too many hooks left processes in their groups; sent KILL to the oldest");
        }
    }
}

impl Limited {
    /// Sends TERM. Returns whether somebody is there.
    fn terminate(&mut self) -> bool {
        let _entered = self.span.enter();
        self.terminated = true;
        let there = self.group.signal(Signal::SIGTERM);
        if there {
            let rule = &self.rule.name;
            let pid = self.group.pid().as_raw();
            let limit = self.rule.program.time_limit;
            match self.left {
                false => warn!(%rule, pid, ?limit, "hook reached its time limit; sent TERM"),
                true => warn!(
                    %rule, pid, ?limit,
                    "processes that a hook left reached its time limit; sent TERM"
                ),
            }
        }
        there
    }

    fn kill(&self, message: &str) {
        let _entered = self.span.enter();
        if self.group.signal(Signal::SIGKILL) {
            let pid = self.group.pid().as_raw();
            warn!(rule = %self.rule.name, pid, "{message}");
        }
    }
}
