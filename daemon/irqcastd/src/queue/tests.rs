//! Which job may run when, and when there is room.

use super::*;
use crate::rule::{Beyond, Gather, Order, RateLimit};
use std::time::Duration;

mod model;
mod terms;

/// A job that is one with these others, if its rule merges.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Job {
    numbers: Vec<u32>,
    merges: bool,
}

impl Absorb for Job {
    fn absorb(&mut self, later: Self) -> Result<(), Self> {
        if !(self.merges && later.merges) {
            return Err(later);
        }
        self.numbers.extend(later.numbers);
        Ok(())
    }
}

/// A queue at a time.
struct Bench {
    queue: Queue<Job>,
    now: Instant,
    terms: BTreeMap<&'static str, Terms>,
}

impl Bench {
    fn new(processes: usize, queue: usize) -> Self {
        Self {
            queue: Queue::new(&Limits {
                processes,
                queue,
                ..Limits::default()
            }),
            now: Instant::now(),
            terms: BTreeMap::new(),
        }
    }

    /// The same with these terms of the rule "a".
    fn with(processes: usize, queue: usize, terms: Terms) -> Self {
        let mut bench = Self::new(processes, queue);
        bench.terms.insert("a", terms);
        bench
    }

    fn push(&mut self, rule: &'static str, device: u32, number: u32) -> Pushed<Job> {
        let terms = self.terms.entry(rule).or_default();
        let job = Job {
            numbers: vec![number],
            merges: terms.gather.is_some(),
        };
        self.queue.push(rule, terms, device, job, self.now)
    }

    /// Starts all that may run: rule, device, jobs that became one.
    fn start(&mut self) -> Vec<(Turn, Vec<u32>)> {
        std::iter::from_fn(|| self.queue.start(self.now))
            .map(|(turn, job)| (turn, job.numbers))
            .collect()
    }

    /// The same without the turns.
    fn started(&mut self) -> Vec<Vec<u32>> {
        self.start()
            .into_iter()
            .map(|(_, numbers)| numbers)
            .collect()
    }

    fn finish(&mut self, turn: &Turn) {
        self.queue.finished(turn, self.now);
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// Seconds until the deadline.
    fn deadline(&self) -> Option<u64> {
        let at = self.queue.deadline()?;
        Some(at.saturating_duration_since(self.now).as_secs())
    }
}

#[test]
fn lane_runs_one_after_the_other() {
    let mut bench = Bench::new(10, 10);
    for job in 1..=3 {
        bench.push("a", 0, job);
    }
    for job in 1..=3 {
        let started = bench.start();
        let [(turn, numbers)] = started.as_slice() else {
            panic!("{started:?}");
        };
        assert_eq!(*numbers, [job]);
        bench.finish(turn);
    }
    assert_eq!(bench.started(), Vec::<Vec<u32>>::new());
    assert!(bench.queue.rules["a"].is_idle());
}

#[test]
fn rules_and_devices_run_side_by_side_and_take_turns() {
    let mut bench = Bench::new(2, 10);
    for job in 1..=2 {
        bench.push("a", 0, job);
        bench.push("a", 1, 10 + job);
        bench.push("b", 0, 20 + job);
    }
    let started = bench.start();
    let numbers: Vec<_> = started.iter().map(|(_, numbers)| numbers[0]).collect();
    assert_eq!(numbers, [1, 21]);
    bench.finish(&started[0].0);
    assert_eq!(bench.started(), [[11]]);
    bench.finish(&started[1].0);
    assert_eq!(bench.started(), [[22]]);
}

#[test]
fn slow_rule_does_not_hold_others() {
    let mut bench = Bench::new(2, 10);
    for job in 1..=5 {
        bench.push("slow", 0, job);
    }
    assert_eq!(bench.started(), [[1]]);
    for job in 1..=30 {
        bench.push("quick", 0, job);
        let started = bench.start();
        assert_eq!(started[0].1, [job]);
        bench.finish(&started[0].0);
        assert_eq!(bench.queue.change(), None);
    }
}

#[test]
fn full_rule_holds_back_until_it_is_half_empty() {
    let mut bench = Bench::new(1, 4);
    for job in 1..=3 {
        bench.push("slow", 0, job);
        assert_eq!(bench.queue.change(), None);
    }
    bench.push("slow", 0, 4);
    assert_eq!(bench.queue.change(), Some(Change::Full("slow".into())));
    assert_eq!(bench.queue.change(), None);
    let mut held = Vec::new();
    while let Some((turn, _)) = bench.queue.start(bench.now) {
        bench.finish(&turn);
        held.push(bench.queue.holds_back());
        if bench.queue.change() == Some(Change::Room("slow".into())) {
            break;
        }
    }
    assert_eq!(held, [true; 2]);
    assert!(!bench.queue.holds_back());
    assert_eq!(bench.queue.change(), None);
}

#[test]
fn queue_of_one_has_room_when_it_is_empty() {
    let mut bench = Bench::new(1, 1);
    bench.push("a", 0, 1);
    assert!(matches!(bench.queue.change(), Some(Change::Full(_))));
    bench.start();
    assert!(matches!(bench.queue.change(), Some(Change::Room(_))));
}

#[test]
fn clear_tells_what_waited_and_keeps_what_runs() {
    let mut bench = Bench::new(1, 4);
    for job in 1..=4 {
        bench.push("a", 0, job);
    }
    let started = bench.start();
    assert_eq!(bench.queue.clear(), [("a".into(), 3)]);
    bench.finish(&started[0].0);
    assert_eq!(bench.started(), Vec::<Vec<u32>>::new());
    assert_eq!(bench.queue.clear(), []);
    assert_eq!(bench.deadline(), None);
}

#[test]
fn new_limits_and_terms_count_from_now_on() {
    let mut bench = Bench::new(1, 1);
    bench.push("a", 0, 1);
    bench.push("b", 0, 1);
    assert!(matches!(bench.queue.change(), Some(Change::Full(_))));
    assert!(matches!(bench.queue.change(), Some(Change::Full(_))));
    assert_eq!(bench.start().len(), 1);
    let limits = Limits {
        processes: 2,
        queue: 2,
        ..Limits::default()
    };
    let drops = Terms {
        when_full: WhenFull::DropNewest,
        queue: Some(1),
        ..Terms::default()
    };
    bench
        .queue
        .set_limits(&limits, [("a", &drops), ("b", &drops)]);
    assert!(matches!(bench.queue.change(), Some(Change::Room(_))));
    assert!(matches!(bench.queue.change(), Some(Change::Room(_))));
    assert!(!bench.queue.holds_back());
    assert_eq!(bench.start().len(), 1);
}
