//! What can be seen of the hooks from outside.

use super::Hooks;
use crate::daemon::milliseconds;
use crate::metrics::{self, Busy};
use crate::rule::Rule;
use irqcast_control::{Failure, Queue, Running};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

impl Hooks {
    /// What was counted.
    pub fn counters(&self) -> &metrics::Hooks {
        &self.counters
    }

    /// Counts for these rules from now on, also where they have nothing to do.
    pub fn count_for(&mut self, rules: &[Rc<Rule>]) {
        let busy = self.busy();
        let is_busy = |name: &str| {
            let mut busy = busy.iter().filter(|busy| busy.waiting + busy.running > 0);
            busy.any(|busy| *busy.rule == *name)
        };
        let names = rules.iter().map(|rule| rule.name.as_str());
        self.counters.set_rules(names, is_busy);
    }

    /// What waits and runs of each rule that is counted for.
    pub fn busy(&self) -> Vec<Busy> {
        let waiting: HashMap<&Rc<str>, usize> = self.queue.waiting_by_rule().collect();
        let running = |rule: &Rc<str>| {
            self.running
                .values()
                .filter(|of| of.turn.rule == *rule)
                .count()
        };
        let rules = self.counters.rules();
        rules
            .map(|(rule, _)| Busy {
                rule: Rc::clone(rule),
                waiting: waiting.get(rule).map_or(0, |&waiting| waiting as u64),
                running: running(rule) as u64,
            })
            .collect()
    }

    /// Whether it does, as [`Self::hold_back`] said last.
    pub fn holds_back(&self) -> bool {
        self.queue.holds_back()
    }

    /// What is told of each rule that is counted for.
    pub fn queues(&self) -> Vec<Queue> {
        let busy = self.busy().into_iter();
        busy.zip(self.counters.rules())
            .map(|(busy, (rule, counted))| Queue {
                rule: rule.to_string(),
                waiting: busy.waiting,
                running: busy.running,
                started: counted.started,
                failed: counted.all_failed(),
            })
            .collect()
    }

    /// What is told of the hooks that run, the oldest first.
    pub fn running_now(&self) -> Vec<Running> {
        let mut running: Vec<Running> = self
            .running
            .iter()
            .map(|(pid, running)| Running {
                pid: pid.as_raw(),
                rule: running.turn.rule.to_string(),
                device: running.job.call.occasion.device(),
                seq: running.job.call.occasion.number(),
                age_ms: milliseconds(running.started.elapsed()),
            })
            .collect();
        running.sort_by_key(|running| (Reverse(running.age_ms), running.pid));
        running
    }

    /// Whether hooks are not started, but told.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// The last hooks that failed, the newest first.
    pub fn failures(&self) -> Vec<Failure> {
        self.failures.told()
    }
}
