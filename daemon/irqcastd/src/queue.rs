//! Which hook runs next. Pure: takes jobs and returns jobs.
//!
//! The jobs of one rule and one device are a lane: they run one after the other, in the order of the
//! events. Lanes run side by side, as many as the limit allows, and take turns. All lanes together hold
//! a bounded number of jobs: when they are full nothing more is to be added until they are half empty.

use crate::config::Limits;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

/// The rule's name and the device.
pub type Lane = (Rc<str>, u32);

/// Jobs that wait, and the lanes that are busy.
pub struct Queue<J> {
    processes: usize,
    bound: usize,
    lanes: HashMap<Lane, State<J>>,
    /// Lanes with a job that may run, each once.
    ready: VecDeque<Lane>,
    waiting: usize,
    running: usize,
    holds_back: bool,
}

struct State<J> {
    jobs: VecDeque<J>,
    busy: bool,
}

/// Whether there is room for more jobs has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is full from now on. Most of the jobs are this rule's.
    Full(Rc<str>),
    /// There is room again.
    Room,
}

impl<J> Queue<J> {
    /// Nothing waits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            processes: limits.processes,
            bound: limits.queue,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            waiting: 0,
            running: 0,
            holds_back: false,
        }
    }

    /// Takes over new limits. What waits already stays, also beyond them.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.processes = limits.processes;
        self.bound = limits.queue;
    }

    /// Adds a job to the end of a lane. It is taken although the queue may be full.
    pub fn push(&mut self, lane: &Lane, job: J) {
        self.waiting += 1;
        let state = self.lanes.entry(lane.clone()).or_insert(State {
            jobs: VecDeque::new(),
            busy: false,
        });
        state.jobs.push_back(job);
        if !state.busy && state.jobs.len() == 1 {
            self.ready.push_back(lane.clone());
        }
    }

    /// Whether nothing is to be added, as [`Self::change`] told last.
    pub fn holds_back(&self) -> bool {
        self.holds_back
    }

    /// Whether it became full, or half empty again, since this was last asked.
    pub fn change(&mut self) -> Option<Change> {
        if self.holds_back && self.waiting <= self.bound / 2 {
            self.holds_back = false;
            return Some(Change::Room);
        }
        if !self.holds_back && self.waiting >= self.bound {
            self.holds_back = true;
            let (rule, _) = self
                .waiting_by_rule()
                .into_iter()
                .max_by_key(|&(_, waiting)| waiting)?;
            return Some(Change::Full(rule));
        }
        None
    }

    /// Takes the next job that may run now; its lane is busy until [`Self::finished`].
    pub fn start(&mut self) -> Option<(Lane, J)> {
        if self.running >= self.processes {
            return None;
        }
        let lane = self.ready.pop_front()?;
        let state = self.lanes.get_mut(&lane)?;
        let job = state.jobs.pop_front()?;
        state.busy = true;
        self.running += 1;
        self.waiting -= 1;
        Some((lane, job))
    }

    /// The job of `lane` that was started has ended.
    pub fn finished(&mut self, lane: &Lane) {
        let Some(state) = self.lanes.get_mut(lane) else {
            return;
        };
        state.busy = false;
        self.running -= 1;
        if state.jobs.is_empty() {
            self.lanes.remove(lane);
        } else {
            self.ready.push_back(lane.clone());
        }
    }

    /// Drops all that waits. Returns how many jobs of each rule did, in the order of their names.
    pub fn clear(&mut self) -> Vec<(Rc<str>, usize)> {
        let waiting = self.waiting_by_rule();
        self.waiting = 0;
        self.ready.clear();
        self.lanes.retain(|_, state| {
            state.jobs.clear();
            state.busy
        });
        waiting
    }

    /// How many jobs of each rule wait, in the order of their names.
    pub fn waiting_by_rule(&self) -> Vec<(Rc<str>, usize)> {
        let mut rules = BTreeMap::new();
        for ((rule, _), state) in &self.lanes {
            *rules.entry(Rc::clone(rule)).or_default() += state.jobs.len();
        }
        rules
            .into_iter()
            .filter(|&(_, waiting)| waiting > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests;
