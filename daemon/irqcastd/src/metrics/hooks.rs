//! Counts hooks, by rule.

use super::exposition::Exposition;
use super::histogram::Histogram;
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// How a hook ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit status.
    Exited(i32),
    /// By a signal.
    Signaled(Signal),
    /// Before it began: its second stage failed, for this reason.
    NotStarted(String),
}

impl End {
    /// How it failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Exited(0) => None,
            Self::Exited(status) => Some(format!("exit status {status}")),
            Self::Signaled(signal) => Some(signal.to_string()),
            Self::NotStarted(reason) => Some(format!("not started: {reason}")),
        }
    }
}

/// What waits and runs of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The rule's name.
    pub rule: Rc<str>,
    /// Hooks that wait.
    pub waiting: u64,
    /// Hooks that run.
    pub running: u64,
}

/// Counters by rule since the daemon was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    rules: BTreeMap<Rc<str>, Rule>,
    changes: u64,
}

/// Counters of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Hooks that were started.
    pub started: u64,
    /// Hooks whose program could not be started. Where it was the second stage that could not, its process
    /// is among [`Self::started`].
    pub not_started: u64,
    /// Hooks that ended with status 0.
    pub done: u64,
    /// Hooks that ended with another status.
    pub failed: u64,
    /// Hooks that ended by a signal, by its name.
    pub signals: BTreeMap<&'static str, u64>,
    /// Lines that hooks printed and that are cut in the log.
    pub lines_cut: u64,
    /// Lines that hooks printed too fast and that are not in the log.
    pub lines_left_out: u64,
    /// Hooks whose time limit passed.
    pub time_limits: u64,
    /// Hooks that were dropped without having run.
    pub dropped: u64,
    /// Events that became one with an earlier one.
    pub merged: u64,
    /// Starts of hooks that had failed before for the same.
    pub retries: u64,
    durations: Histogram,
}

/// A counter that has one value for each rule: its name in metrics, its help, and its value.
type Counter = (&'static str, &'static str, fn(&Rule) -> u64);

/// Each counter that has one value for each rule, in this order.
const COUNTERS: [Counter; 8] = [
    (
        "irqcast_hooks_started_total",
        "Hooks that were started.",
        |rule| rule.started,
    ),
    (
        "irqcast_hooks_not_started_total",
        "Hooks whose program could not be started.",
        |rule| rule.not_started,
    ),
    (
        "irqcast_hook_output_lines_cut_total",
        "Lines that hooks printed and that are cut in the log.",
        |rule| rule.lines_cut,
    ),
    (
        "irqcast_hook_output_lines_left_out_total",
        "Lines that hooks printed too fast and that are not in the log.",
        |rule| rule.lines_left_out,
    ),
    (
        "irqcast_hook_time_limits_total",
        "Hooks whose time limit passed.",
        |rule| rule.time_limits,
    ),
    (
        "irqcast_hooks_dropped_total",
        "Hooks that were dropped without having run.",
        |rule| rule.dropped,
    ),
    (
        "irqcast_hook_events_merged_total",
        "Events that became one with an earlier one.",
        |rule| rule.merged,
    ),
    (
        "irqcast_hooks_retried_total",
        "Starts of hooks that had failed before for the same.",
        |rule| rule.retries,
    ),
];

impl Rule {
    /// Hooks that did not do their work.
    #[must_use]
    pub fn all_failed(&self) -> u64 {
        self.failed + self.not_started + self.signaled()
    }

    /// Hooks that ended by a signal.
    #[must_use]
    pub fn signaled(&self) -> u64 {
        self.signals.values().sum()
    }
}

impl Hooks {
    /// Makes the rules known, each with its zeros, and forgets the others that are not busy.
    pub fn set_rules<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
        is_busy: impl Fn(&str) -> bool,
    ) {
        let mut rules: BTreeMap<Rc<str>, Rule> = names
            .map(|name| {
                let counted = self.rules.remove(name);
                (Rc::from(name), counted.unwrap_or_default())
            })
            .collect();
        let busy = std::mem::take(&mut self.rules).into_iter();
        rules.extend(busy.filter(|(name, _)| is_busy(name)));
        self.rules = rules;
        self.changes += 1;
    }

    /// A hook was started.
    pub fn started(&mut self, rule: &str) {
        self.of(rule).started += 1;
    }

    /// A hook's program could not be started.
    pub fn not_started(&mut self, rule: &str) {
        self.of(rule).not_started += 1;
    }

    /// A hook ended after this time. One whose second stage failed has not run for any.
    pub fn ended(&mut self, rule: &str, end: &End, duration: Duration) {
        let rule = self.of(rule);
        match end {
            End::Exited(0) => rule.done += 1,
            End::Exited(_) => rule.failed += 1,
            End::Signaled(signal) => *rule.signals.entry(signal.as_str()).or_default() += 1,
            End::NotStarted(_) => {
                rule.not_started += 1;
                return;
            }
        }
        rule.durations.add(duration);
    }

    /// A line was cut.
    pub fn line_cut(&mut self, rule: &str) {
        self.of(rule).lines_cut += 1;
    }

    /// So many lines were left out.
    pub fn lines_left_out(&mut self, rule: &str, count: u64) {
        self.of(rule).lines_left_out += count;
    }

    /// The time limit of a hook passed.
    pub fn time_limit(&mut self, rule: &str) {
        self.of(rule).time_limits += 1;
    }

    /// A hook was dropped without having run.
    pub fn dropped(&mut self, rule: &str) {
        self.of(rule).dropped += 1;
    }

    /// An event became one with an earlier one.
    pub fn merged(&mut self, rule: &str) {
        self.of(rule).merged += 1;
    }

    /// A hook that had failed is started again for the same.
    pub fn retried(&mut self, rule: &str) {
        self.of(rule).retries += 1;
    }

    /// Grows with every change.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The rules and what was counted of each, in the order of their names.
    pub fn rules(&self) -> impl Iterator<Item = (&Rc<str>, &Rule)> {
        self.rules.iter()
    }

    fn of(&mut self, rule: &str) -> &mut Rule {
        self.changes += 1;
        self.rules.entry(Rc::from(rule)).or_default()
    }

    pub(super) fn render(&self, to: &mut Exposition) {
        for (name, help, value) in COUNTERS {
            to.family(name, help, "counter");
            for (rule, counted) in &self.rules {
                to.sample(name, &[("rule", rule)], value(counted));
            }
        }
        let name = "irqcast_hooks_ended_total";
        to.family(name, "Hooks that ended, by how they did.", "counter");
        for (rule, counted) in &self.rules {
            for (end, count) in [
                ("done", counted.done),
                ("failed", counted.failed),
                ("signal", counted.signaled()),
            ] {
                to.sample(name, &[("rule", rule), ("end", end)], count);
            }
        }
        let name = "irqcast_hooks_ended_by_signal_total";
        to.family(
            name,
            "Hooks that ended by a signal, by its name.",
            "counter",
        );
        for (rule, counted) in &self.rules {
            for (signal, count) in &counted.signals {
                to.sample(name, &[("rule", rule), ("signal", signal)], count);
            }
        }
        let name = "irqcast_hook_duration_seconds";
        to.family(name, "How long hooks ran.", "histogram");
        for (rule, counted) in &self.rules {
            to.histogram(name, ("rule", rule), &counted.durations);
        }
    }
}

pub(super) fn render_busy(busy: &[Busy], to: &mut Exposition) {
    let mut gauge = |name, help, value: &dyn Fn(&Busy) -> u64| {
        to.family(name, help, "gauge");
        for rule in busy {
            to.sample(name, &[("rule", &rule.rule)], value(rule));
        }
    };
    gauge(
        "irqcast_hooks_waiting",
        "Hooks that wait to run.",
        &|busy| busy.waiting,
    );
    gauge("irqcast_hooks_running", "Hooks that run.", &|busy| {
        busy.running
    });
}
