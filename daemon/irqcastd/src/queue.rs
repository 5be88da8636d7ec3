//! Which hook runs next. Pure: takes jobs and returns jobs.
//!
//! The jobs of one rule and one device are a lane: they run one after the other, in the order of the
//! events. Lanes run side by side, as many as the limit allows, and take turns. Each rule's lanes
//! together hold a bounded number of jobs. One that comes when they are full is dropped and counted, so
//! that a slow hook costs only its own rule.

use crate::config::Limits;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// The rule's name and the device.
pub type Lane = (Rc<str>, u32);

/// Jobs that wait, and the lanes that are busy.
pub struct Queue<J> {
    processes: usize,
    per_rule: usize,
    lanes: HashMap<Lane, State<J>>,
    /// Lanes with a job that may run, each once.
    ready: VecDeque<Lane>,
    rules: HashMap<Rc<str>, Counts>,
    running: usize,
}

struct State<J> {
    jobs: VecDeque<J>,
    busy: bool,
}

#[derive(Default)]
struct Counts {
    waiting: usize,
    dropped: u64,
}

/// What became of a job that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits.
    Queued,
    /// It was dropped, the first one since drops were last told.
    FirstDropped,
    /// It was dropped as the one before it.
    Dropped,
}

impl<J> Queue<J> {
    /// Nothing waits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            processes: limits.processes,
            per_rule: limits.queue,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            rules: HashMap::new(),
            running: 0,
        }
    }

    /// Takes over new limits. What waits already stays, also beyond them.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.processes = limits.processes;
        self.per_rule = limits.queue;
    }

    /// Adds a job to the end of a lane.
    pub fn push(&mut self, lane: &Lane, job: J) -> Pushed {
        let counts = self.rules.entry(Rc::clone(&lane.0)).or_default();
        if counts.waiting >= self.per_rule {
            counts.dropped += 1;
            return match counts.dropped {
                1 => Pushed::FirstDropped,
                _ => Pushed::Dropped,
            };
        }
        counts.waiting += 1;
        let state = self.lanes.entry(lane.clone()).or_insert(State {
            jobs: VecDeque::new(),
            busy: false,
        });
        state.jobs.push_back(job);
        if !state.busy && state.jobs.len() == 1 {
            self.ready.push_back(lane.clone());
        }
        Pushed::Queued
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
        if let Some(counts) = self.rules.get_mut(&lane.0) {
            counts.waiting -= 1;
        }
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

    /// How many jobs of `rule` were dropped, once its queue is half empty again. Then counts anew.
    pub fn take_dropped(&mut self, rule: &Rc<str>) -> Option<u64> {
        let counts = self.rules.get_mut(rule)?;
        let is_time = counts.waiting <= self.per_rule / 2;
        let dropped = if is_time {
            std::mem::take(&mut counts.dropped)
        } else {
            0
        };
        if counts.waiting == 0 && counts.dropped == 0 {
            self.rules.remove(rule);
        }
        (dropped > 0).then_some(dropped)
    }

    /// Drops all that waits. Returns for each rule how many jobs did, and how many were dropped before
    /// and not yet told.
    pub fn clear(&mut self) -> Vec<(Rc<str>, usize, u64)> {
        self.ready.clear();
        self.lanes.retain(|_, state| {
            state.jobs.clear();
            state.busy
        });
        self.rules
            .drain()
            .map(|(rule, counts)| (rule, counts.waiting, counts.dropped))
            .filter(|&(_, waiting, dropped)| waiting > 0 || dropped > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(processes: usize, queue: usize) -> Queue<u32> {
        Queue::new(&Limits {
            processes,
            queue,
            ..Limits::default()
        })
    }

    fn lane(rule: &str, device: u32) -> Lane {
        (Rc::from(rule), device)
    }

    /// Starts all that may run: rule, device, job.
    fn start_all(queue: &mut Queue<u32>) -> Vec<(String, u32, u32)> {
        std::iter::from_fn(|| queue.start())
            .map(|((rule, device), job)| (rule.to_string(), device, job))
            .collect()
    }

    #[test]
    fn lane_runs_one_after_the_other() {
        let mut queue = queue(10, 10);
        let lane = lane("a", 0);
        for job in 1..=3 {
            assert_eq!(queue.push(&lane, job), Pushed::Queued);
        }
        for job in 1..=3 {
            assert_eq!(start_all(&mut queue), [("a".to_owned(), 0, job)]);
            queue.finished(&lane);
        }
        assert_eq!(start_all(&mut queue), []);
        assert!(queue.lanes.is_empty());
    }

    #[test]
    fn lanes_run_side_by_side_and_take_turns() {
        let mut queue = queue(2, 10);
        for job in 1..=2 {
            queue.push(&lane("a", 0), job);
            queue.push(&lane("a", 1), job);
            queue.push(&lane("b", 0), job);
        }
        assert_eq!(
            start_all(&mut queue),
            [("a".to_owned(), 0, 1), ("a".to_owned(), 1, 1)]
        );
        queue.finished(&lane("a", 0));
        assert_eq!(start_all(&mut queue), [("b".to_owned(), 0, 1)]);
        queue.finished(&lane("b", 0));
        assert_eq!(start_all(&mut queue), [("a".to_owned(), 0, 2)]);
    }

    #[test]
    fn slow_rule_does_not_hold_others() {
        let mut queue = queue(2, 2);
        for job in 1..=5 {
            queue.push(&lane("slow", 0), job);
        }
        assert_eq!(start_all(&mut queue), [("slow".to_owned(), 0, 1)]);
        for job in 1..=3 {
            assert_eq!(queue.push(&lane("quick", 0), job), Pushed::Queued);
            assert_eq!(start_all(&mut queue), [("quick".to_owned(), 0, job)]);
            queue.finished(&lane("quick", 0));
        }
    }

    #[test]
    fn full_queue_drops_the_newest_and_counts() {
        let mut queue = queue(1, 2);
        let lane = lane("a", 0);
        let pushed: Vec<_> = (1..=5).map(|job| queue.push(&lane, job)).collect();
        assert_eq!(
            pushed,
            [
                Pushed::Queued,
                Pushed::Queued,
                Pushed::FirstDropped,
                Pushed::Dropped,
                Pushed::Dropped
            ]
        );
        assert_eq!(queue.take_dropped(&lane.0), None, "still full");
        assert_eq!(start_all(&mut queue), [("a".to_owned(), 0, 1)]);
        assert_eq!(queue.take_dropped(&lane.0), Some(3));
        assert_eq!(queue.take_dropped(&lane.0), None);
        assert_eq!(queue.push(&lane, 6), Pushed::Queued);
        queue.finished(&lane);
        assert_eq!(start_all(&mut queue), [("a".to_owned(), 0, 2)]);
    }

    #[test]
    fn clear_tells_what_was_dropped_and_keeps_what_runs() {
        let mut queue = queue(1, 2);
        let lane = lane("a", 0);
        for job in 1..=4 {
            queue.push(&lane, job);
        }
        start_all(&mut queue);
        assert_eq!(queue.clear(), [(Rc::from("a"), 1, 2)]);
        queue.finished(&lane);
        assert_eq!(start_all(&mut queue), []);
        assert_eq!(queue.clear(), []);
    }

    #[test]
    fn new_limits_count_from_now_on() {
        let mut queue = queue(1, 1);
        queue.push(&lane("a", 0), 1);
        queue.push(&lane("b", 0), 1);
        assert_eq!(start_all(&mut queue).len(), 1);
        queue.set_limits(&Limits {
            processes: 2,
            queue: 2,
            ..Limits::default()
        });
        assert_eq!(start_all(&mut queue).len(), 1);
        assert_eq!(queue.push(&lane("a", 0), 2), Pushed::Queued);
        assert_eq!(queue.push(&lane("a", 0), 3), Pushed::Queued);
        assert_eq!(queue.push(&lane("a", 0), 4), Pushed::FirstDropped);
    }
}
