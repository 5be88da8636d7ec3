//! Whatever the terms are, and whatever happens.

use super::*;
use proptest::prelude::*;

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
        let (processes, share) = (6, 2);
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
                prop_assert!(of_rule.count() <= terms.concurrency.unwrap_or(share));
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
