//! Which job may run when, and when there is room.

use super::*;
use crate::rule::{Beyond, Gather, Order, RateLimit};
use proptest::prelude::*;
use std::time::Duration;

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

/// Something that happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    Push(usize, u32),
    Finish(usize),
    Retry(usize, u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3usize, 0..2u32).prop_map(|(rule, device)| Step::Push(rule, device)),
        4 => (0..8usize).prop_map(Step::Finish),
        1 => (0..8usize, 0..5u64).prop_map(|(which, after)| Step::Retry(which, after)),
        3 => (0..4u64).prop_map(Step::Wait),
    ]
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let seconds = || prop::option::of((1..4u64).prop_map(Duration::from_secs));
    let gather =
        (seconds(), seconds()).prop_map(|(debounce, coalesce)| Gather { debounce, coalesce });
    let policy = prop::sample::select(vec![
        WhenFull::HoldBack,
        WhenFull::DropOldest,
        WhenFull::DropNewest,
    ]);
    let rate = (1..4usize, 1..5u64, any::<bool>()).prop_map(|(count, per, drops)| RateLimit {
        count,
        per: Duration::from_secs(per),
        beyond: if drops { Beyond::Drop } else { Beyond::Wait },
    });
    (
        any::<bool>(),
        prop::option::of(1..3usize),
        1..4usize,
        policy,
        prop::option::of(rate),
        prop::option::of(gather),
    )
        .prop_map(
            |(free, concurrency, queue, when_full, rate_limit, gather)| Terms {
                order: if free { Order::Free } else { Order::Device },
                concurrency,
                queue: Some(queue),
                when_full,
                rate_limit,
                gather,
                retry: None,
            },
        )
}

const RULES: [&str; 3] = ["a", "b", "c"];

/// What a model of the whole sees that must not be.
#[derive(Default)]
struct Watch {
    pushed: Vec<(usize, u32, u32)>,
    gone: BTreeSet<u32>,
    starts: BTreeMap<usize, Vec<Instant>>,
    last: BTreeMap<(usize, u32), u32>,
    again: BTreeSet<u32>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Whatever the terms: no more run than may, a device's jobs start in order where they are to, no
    /// rule starts more in a time than its limit, none is lost or runs twice, and nothing waits without
    /// a reason or a deadline.
    #[test]
    fn every_job_runs_once_or_is_dropped(
        terms in prop::collection::vec(any_terms(), 3),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let processes = 4;
        let mut bench = Bench::new(processes, 4);
        bench.terms = RULES.into_iter().zip(terms.clone()).collect();
        let mut watch = Watch::default();
        let mut running: Vec<(Turn, Job)> = Vec::new();
        let steps = steps.into_iter().map(Some).chain((0..200).map(|_| None));
        for step in steps {
            match step {
                Some(Step::Push(rule, device)) => {
                    let number = u32::try_from(watch.pushed.len()).unwrap();
                    watch.pushed.push((rule, device, number));
                    match bench.push(RULES[rule], device, number) {
                        Pushed::Waits(Some(job)) | Pushed::Refused(job) => {
                            for number in job.numbers {
                                prop_assert!(watch.gone.insert(number));
                            }
                        }
                        Pushed::Waits(None) | Pushed::Merged => {}
                    }
                }
                Some(Step::Finish(which)) if which < running.len() => {
                    let (turn, job) = running.remove(which);
                    bench.finish(&turn);
                    for number in job.numbers {
                        prop_assert!(watch.gone.insert(number), "{number} ended twice");
                    }
                }
                Some(Step::Retry(which, after)) if which < running.len() => {
                    let (turn, job) = running.remove(which);
                    watch.again.extend(&job.numbers);
                    let at = bench.now + Duration::from_secs(after);
                    bench.queue.retry(&turn, job, at, bench.now);
                }
                Some(Step::Finish(_) | Step::Retry(..)) => {}
                Some(Step::Wait(seconds)) => bench.wait(seconds),
                // To the end: all that runs ends, and the time goes on to the next deadline.
                None => {
                    for (turn, job) in std::mem::take(&mut running) {
                        bench.finish(&turn);
                        for number in job.numbers {
                            prop_assert!(watch.gone.insert(number), "{number} ended twice");
                        }
                    }
                    if let Some(at) = bench.queue.deadline() {
                        bench.now = bench.now.max(at);
                    }
                }
            }
            while let Some((turn, job)) = bench.queue.start(bench.now) {
                let rule = RULES.iter().position(|rule| **rule == *turn.rule).unwrap();
                let terms = &terms[rule];
                watch.starts.entry(rule).or_default().push(bench.now);
                let first = job.numbers[0];
                let (_, device, _) = watch.pushed[first as usize];
                if terms.order == Order::Device {
                    let busy = running.iter().any(|(other, job)| {
                        other.rule == turn.rule && watch.pushed[job.numbers[0] as usize].1 == device
                    });
                    prop_assert!(!busy, "two of one device run");
                    let last = watch.last.insert((rule, device), *job.numbers.last().unwrap());
                    let in_order = last.is_none_or(|last| last < first);
                    prop_assert!(in_order || watch.again.contains(&first));
                }
                running.push((turn, job));
                let of_rule = running.iter().filter(|(turn, _)| *turn.rule == *RULES[rule]);
                prop_assert!(of_rule.count() <= terms.concurrency.unwrap_or(processes));
                prop_assert!(running.len() <= processes);
            }
            prop_assert!(bench.queue.deadline().is_none_or(|at| at > bench.now), "it would spin");
        }
        for (rule, starts) in &watch.starts {
            let limit = terms[*rule].rate_limit.filter(|limit| limit.beyond == Beyond::Wait);
            if let Some(limit) = limit {
                for window in starts.windows(limit.count + 1) {
                    prop_assert!(window[limit.count] - window[0] >= limit.per);
                }
            }
        }
        prop_assert_eq!(watch.gone.len(), watch.pushed.len(), "some never ran");
    }
}
