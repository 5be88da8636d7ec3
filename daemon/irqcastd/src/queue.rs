//! Which hook runs next. Pure: takes jobs and the time, and returns jobs.
//!
//! Each rule has a queue of its own ([`of_rule`]), with its own bound, and takes no more than a share of the
//! processes, so that a slow rule delays no other one. Rules take turns. Only a rule that holds back, and has as many jobs waiting as it may,
//! makes the daemon take no more events, until half of those have started.

mod of_rule;
mod window;

use crate::config::Limits;
use crate::rule::{Terms, WhenFull};
use of_rule::{LaneId, OfRule};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Instant;

/// Jobs that wait together may become one.
pub trait Absorb: Sized {
    /// Becomes one with a later job, or gives that back.
    ///
    /// # Errors
    ///
    /// The later job, where they stay two.
    fn absorb(&mut self, later: Self) -> Result<(), Self>;
}

/// Names a job that was started, until it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Its rule.
    pub rule: Rc<str>,
    lane: LaneId,
}

/// What became of a job that was to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed<J> {
    /// It waits. Another one was dropped for it, where there is one.
    Waits(Option<J>),
    /// It became one with the job before it.
    Merged,
    /// It was dropped.
    Refused(J),
}

/// Whether there is room for more jobs of a rule has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is full from now on.
    Full(Rc<str>),
    /// There is room again.
    Room(Rc<str>),
}

/// Jobs that wait, and those that run.
pub struct Queue<J> {
    processes: usize,
    share: usize,
    bound: usize,
    rules: BTreeMap<Rc<str>, OfRule<J>>,
    /// The rules in the order of their turns.
    turns: VecDeque<Rc<str>>,
    running: usize,
    full: BTreeSet<Rc<str>>,
}

impl<J: Absorb> Queue<J> {
    /// Nothing waits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            processes: limits.processes,
            share: limits.share(),
            bound: limits.queue,
            rules: BTreeMap::new(),
            turns: VecDeque::new(),
            running: 0,
            full: BTreeSet::new(),
        }
    }

    /// Takes over new limits, and new terms of rules. What waits already stays, also beyond them.
    pub fn set_limits<'a>(
        &mut self,
        limits: &Limits,
        terms: impl IntoIterator<Item = (&'a str, &'a Terms)>,
    ) {
        self.processes = limits.processes;
        self.share = limits.share();
        self.bound = limits.queue;
        let mut there = BTreeSet::new();
        for (rule, terms) in terms {
            if let Some(of_rule) = self.rules.get_mut(rule) {
                of_rule.set_terms(terms);
                there.insert(rule);
            }
        }
        self.rules
            .retain(|rule, of_rule| there.contains(&**rule) || !of_rule.is_idle());
        self.turns.retain(|rule| self.rules.contains_key(rule));
    }

    /// Lets a job for a device wait, after those that wait already.
    pub fn push(
        &mut self,
        rule: &str,
        terms: &Terms,
        device: u32,
        job: J,
        now: Instant,
    ) -> Pushed<J> {
        let bound = self.bound;
        if let Some(of_rule) = self.rules.get_mut(rule) {
            of_rule.set_terms(terms);
            return of_rule.push(device, job, bound, now);
        }
        let rule: Rc<str> = Rc::from(rule);
        self.turns.push_back(Rc::clone(&rule));
        let of_rule = self.rules.entry(rule).or_insert(OfRule::new(terms));
        of_rule.push(device, job, bound, now)
    }

    /// Whether nothing is to be added, as [`Self::change`] told last.
    pub fn holds_back(&self) -> bool {
        !self.full.is_empty()
    }

    /// The next rule that became full, or half empty again, since this was last asked.
    pub fn change(&mut self) -> Option<Change> {
        for (rule, of_rule) in &self.rules {
            let holds = of_rule.terms().when_full == WhenFull::HoldBack;
            let bound = of_rule.bound(self.bound);
            if self.full.contains(rule) {
                if !holds || of_rule.waiting() <= bound / 2 {
                    self.full.remove(rule);
                    return Some(Change::Room(Rc::clone(rule)));
                }
            } else if holds && of_rule.waiting() >= bound {
                self.full.insert(Rc::clone(rule));
                return Some(Change::Full(Rc::clone(rule)));
            }
        }
        // A rule that is gone holds nothing back.
        let gone = self
            .full
            .iter()
            .find(|rule| !self.rules.contains_key(*rule));
        let gone = gone.map(Rc::clone)?;
        self.full.remove(&gone);
        Some(Change::Room(gone))
    }

    /// Takes the next job that may run now. It runs until [`Self::finished`] or [`Self::retry`].
    pub fn start(&mut self, now: Instant) -> Option<(Turn, J)> {
        if self.running >= self.processes {
            return None;
        }
        for at in 0..self.turns.len() {
            let rule = &self.turns[at];
            let of_rule = self.rules.get_mut(rule);
            let started = of_rule.and_then(|of_rule| of_rule.start(self.share, now));
            if let Some((lane, job)) = started {
                let rule = self.turns.remove(at)?;
                self.turns.push_back(Rc::clone(&rule));
                self.running += 1;
                return Some((Turn { rule, lane }, job));
            }
        }
        None
    }

    /// When there is something to start although nothing else happens, after [`Self::start`] had nothing.
    pub fn deadline(&self) -> Option<Instant> {
        if self.running >= self.processes {
            return None;
        }
        let rules = self.rules.values();
        rules.filter_map(|rule| rule.deadline(self.share)).min()
    }

    /// The job has ended.
    pub fn finished(&mut self, turn: &Turn, now: Instant) {
        if let Some(of_rule) = self.rules.get_mut(&turn.rule) {
            self.running -= 1;
            of_rule.finished(turn.lane, now);
        }
    }

    /// The job has ended, and is to run again at this time, before those that wait for it.
    pub fn retry(&mut self, turn: &Turn, job: J, at: Instant, now: Instant) {
        if let Some(of_rule) = self.rules.get_mut(&turn.rule) {
            self.running -= 1;
            of_rule.retry(turn.lane, job, at, now);
        }
    }

    /// How many jobs of each rule wait, in the order of their names.
    pub fn waiting_by_rule(&self) -> impl Iterator<Item = (&Rc<str>, usize)> {
        let rules = self.rules.iter();
        rules.map(|(rule, of_rule)| (rule, of_rule.waiting()))
    }

    /// Drops all that waits. Returns how many jobs of each rule did, in the order of their names.
    pub fn clear(&mut self) -> Vec<(Rc<str>, usize)> {
        let rules = self.rules.iter_mut();
        rules
            .map(|(rule, of_rule)| (Rc::clone(rule), of_rule.clear()))
            .filter(|&(_, waiting)| waiting > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests;
