//! What the terms of a rule make of its jobs.

use super::*;

fn drops(when_full: WhenFull) -> Terms {
    Terms {
        queue: Some(2),
        when_full,
        ..Terms::default()
    }
}

fn dropped(job: u32) -> Job {
    Job {
        numbers: vec![job],
        merges: false,
    }
}

#[test]
fn oldest_is_dropped_where_the_rule_says_so() {
    let mut bench = Bench::with(1, 10, drops(WhenFull::DropOldest));
    assert_eq!(bench.push("a", 1, 1), Pushed::Waits(None));
    assert_eq!(bench.push("a", 0, 2), Pushed::Waits(None));
    assert_eq!(bench.push("a", 0, 3), Pushed::Waits(Some(dropped(1))));
    assert_eq!(bench.push("a", 0, 4), Pushed::Waits(Some(dropped(2))));
    assert_eq!(bench.queue.change(), None, "it does not hold back");
    assert_eq!(bench.started(), [[3]]);
}

#[test]
fn newest_is_dropped_where_the_rule_says_so() {
    let mut bench = Bench::with(1, 10, drops(WhenFull::DropNewest));
    bench.push("a", 0, 1);
    bench.push("a", 0, 2);
    assert_eq!(bench.push("a", 0, 3), Pushed::Refused(dropped(3)));
    assert_eq!(bench.queue.change(), None, "it does not hold back");
    let started = bench.start();
    bench.finish(&started[0].0);
    assert_eq!(bench.push("a", 0, 4), Pushed::Waits(None));
    assert_eq!(bench.started(), [[2]]);
}

#[test]
fn rule_that_hangs_for_many_devices_leaves_room_for_others() {
    let mut bench = Bench::new(8, 100);
    for device in 0..50 {
        bench.push("hangs", device, device);
    }
    assert_eq!(bench.started(), [[0], [1]]);
    bench.push("other", 0, 100);
    assert_eq!(bench.started(), [[100]]);
}

#[test]
fn rule_may_take_every_process_where_it_says_so() {
    let terms = Terms {
        concurrency: Some(8),
        ..Terms::default()
    };
    let mut bench = Bench::with(8, 100, terms);
    for device in 0..50 {
        bench.push("a", device, device);
    }
    assert_eq!(bench.started().len(), 8);
}

#[test]
fn one_process_is_enough_for_a_rule() {
    let mut bench = Bench::new(1, 100);
    bench.push("a", 0, 1);
    assert_eq!(bench.started(), [[1]]);
}

#[test]
fn free_order_runs_a_devices_jobs_side_by_side_as_many_as_may() {
    let terms = Terms {
        order: Order::Free,
        concurrency: Some(2),
        ..Terms::default()
    };
    let mut bench = Bench::with(10, 10, terms);
    for job in 1..=3 {
        bench.push("a", 0, job);
    }
    let started = bench.start();
    let numbers: Vec<_> = started.iter().map(|(_, numbers)| numbers[0]).collect();
    assert_eq!(numbers, [1, 2]);
    bench.finish(&started[1].0);
    assert_eq!(bench.started(), [[3]]);
}

#[test]
fn concurrency_is_over_devices_where_they_are_in_order() {
    let terms = Terms {
        concurrency: Some(1),
        ..Terms::default()
    };
    let mut bench = Bench::with(10, 10, terms);
    bench.push("a", 0, 1);
    bench.push("a", 1, 2);
    let started = bench.start();
    assert_eq!(started.len(), 1);
    assert_eq!(bench.deadline(), None, "an end is what it waits for");
    bench.finish(&started[0].0);
    assert_eq!(bench.started(), [[2]]);
}

#[test]
fn rate_limit_lets_jobs_wait() {
    let terms = Terms {
        rate_limit: Some(RateLimit {
            count: 2,
            per: Duration::from_secs(10),
            beyond: Beyond::Wait,
        }),
        concurrency: Some(10),
        ..Terms::default()
    };
    let mut bench = Bench::with(10, 10, terms);
    for device in 0..5 {
        bench.push("a", device, device);
    }
    assert_eq!(bench.started(), [[0], [1]]);
    assert_eq!(bench.deadline(), Some(10));
    bench.wait(9);
    assert_eq!(bench.started(), Vec::<Vec<u32>>::new());
    bench.wait(1);
    assert_eq!(bench.started(), [[2], [3]]);
}

#[test]
fn rate_limit_drops_jobs_where_it_says_so() {
    let terms = Terms {
        rate_limit: Some(RateLimit {
            count: 1,
            per: Duration::from_secs(10),
            beyond: Beyond::Drop,
        }),
        ..Terms::default()
    };
    let mut bench = Bench::with(10, 10, terms);
    assert_eq!(bench.push("a", 0, 1), Pushed::Waits(None));
    assert_eq!(bench.push("a", 1, 2), Pushed::Refused(dropped(2)));
    bench.wait(10);
    assert_eq!(bench.push("a", 1, 3), Pushed::Waits(None));
    assert_eq!(bench.started(), [[1], [3]]);
    assert_eq!(bench.deadline(), None);
}

fn gathering(debounce: Option<u64>, coalesce: Option<u64>) -> Bench {
    let terms = Terms {
        gather: Some(Gather {
            debounce: debounce.map(Duration::from_secs),
            coalesce: coalesce.map(Duration::from_secs),
        }),
        ..Terms::default()
    };
    Bench::with(10, 10, terms)
}

#[test]
fn debounce_waits_for_quiet_and_runs_once_for_each_device() {
    let mut bench = gathering(Some(2), None);
    for job in 1..=5 {
        bench.push("a", 0, job);
        bench.push("a", 1, 10 + job);
        assert_eq!(bench.started(), Vec::<Vec<u32>>::new());
        bench.wait(1);
    }
    assert_eq!(bench.deadline(), Some(1));
    bench.wait(1);
    assert_eq!(bench.started(), [[1, 2, 3, 4, 5], [11, 12, 13, 14, 15]]);
    assert_eq!(bench.deadline(), None);
}

#[test]
fn coalesce_ends_at_its_time() {
    let mut bench = gathering(None, Some(3));
    for job in 1..=3 {
        bench.push("a", 0, job);
        bench.wait(1);
    }
    assert_eq!(bench.started(), [[1, 2, 3]]);
    assert_eq!(bench.push("a", 0, 4), Pushed::Waits(None));
}

#[test]
fn what_waits_anyway_is_coalesced_without_delay() {
    let mut bench = gathering(None, None);
    bench.push("a", 0, 1);
    let started = bench.start();
    assert_eq!(started[0].1, [1]);
    for job in 2..=4 {
        bench.push("a", 0, job);
    }
    assert_eq!(bench.started(), Vec::<Vec<u32>>::new());
    bench.finish(&started[0].0);
    assert_eq!(bench.started(), [[2, 3, 4]]);
}

#[test]
fn retry_keeps_the_order_of_its_device_only() {
    let mut bench = Bench::new(10, 10);
    bench.push("a", 0, 1);
    bench.push("a", 0, 2);
    let (turn, job) = bench.queue.start(bench.now).unwrap();
    let at = bench.now + Duration::from_secs(5);
    bench.queue.retry(&turn, job, at, bench.now);
    bench.push("a", 1, 3);
    assert_eq!(bench.started(), [[3]]);
    assert_eq!(bench.deadline(), Some(5));
    bench.wait(5);
    let started = bench.start();
    assert_eq!(started[0].1, [1]);
    bench.finish(&started[0].0);
    assert_eq!(bench.started(), [[2]]);
}

#[test]
fn retry_holds_nobody_where_the_order_is_free() {
    let terms = Terms {
        order: Order::Free,
        ..Terms::default()
    };
    let mut bench = Bench::with(1, 10, terms);
    bench.push("a", 0, 1);
    bench.push("a", 0, 2);
    let (turn, job) = bench.queue.start(bench.now).unwrap();
    let at = bench.now + Duration::from_secs(5);
    bench.queue.retry(&turn, job, at, bench.now);
    let started = bench.start();
    assert_eq!(started[0].1, [2]);
    bench.finish(&started[0].0);
    bench.wait(5);
    assert_eq!(bench.started(), [[1]]);
}

#[test]
fn what_is_tried_again_takes_nothing_in() {
    let mut bench = gathering(None, None);
    bench.push("a", 0, 1);
    let (turn, job) = bench.queue.start(bench.now).unwrap();
    bench.queue.retry(&turn, job, bench.now, bench.now);
    assert_eq!(bench.push("a", 0, 2), Pushed::Waits(None));
    let started = bench.start();
    assert_eq!(started[0].1, [1]);
}
