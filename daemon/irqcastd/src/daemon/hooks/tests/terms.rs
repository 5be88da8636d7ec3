//! What the terms of a rule make of its hooks, and what is remembered of that.

use super::*;
use crate::memory::Hook;
use crate::rule::{Gather, Order, Retry, WhenFull};

/// A hook that waits for the file `gate`, and then leaves a line in the file `ran`.
const GATED: &str = "touch started.$IRQCAST_SEQ; while [ ! -e gate ]; do sleep 0.01; done; \
                     echo $IRQCAST_SEQ $IRQCAST_MERGED_COUNT $IRQCAST_MERGED_FROM $IRQCAST_MERGED_TO >> ran";

fn on(mut rule: Rule, terms: Terms) -> Rc<Rule> {
    rule.terms = terms;
    Rc::new(rule)
}

/// Opens the gate, and waits for the end of all.
fn finish(bench: &mut Bench) {
    fs::write(bench.path("gate"), "").unwrap();
    bench.run_until(|bench| bench.unfinished().is_empty() && bench.hooks.none_runs());
    assert_eq!(bench.hooks.queue.deadline(), None);
}

#[test]
fn dropped_hooks_are_finished_and_told() {
    let mut bench = Bench::new();
    let terms = Terms {
        queue: Some(1),
        when_full: WhenFull::DropOldest,
        ..Terms::default()
    };
    let rule = on(bench.rule("drops", GATED), terms);
    bench.event(&rule, 1);
    bench.run_until(|bench| bench.has("started.1"));
    (2..=5).for_each(|seq| bench.event(&rule, seq));
    assert_eq!(bench.unfinished(), [(1, 1), (5, 5)]);
    let told: Vec<_> = bench
        .hooks
        .take_drops()
        .into_iter()
        .map(|drop| (drop.rule, drop.count, drop.from, drop.to))
        .collect();
    assert_eq!(told, [("drops".to_owned(), 3, 2, 4)]);
    assert_eq!(bench.counted("drops").dropped, 3);
    finish(&mut bench);
    assert_eq!(bench.lines("ran"), ["1", "5"]);
}

#[test]
fn refused_hooks_are_finished() {
    let mut bench = Bench::new();
    let terms = Terms {
        queue: Some(1),
        when_full: WhenFull::DropNewest,
        ..Terms::default()
    };
    let rule = on(bench.rule("drops", GATED), terms);
    bench.event(&rule, 1);
    bench.run_until(|bench| bench.has("started.1"));
    (2..=5).for_each(|seq| bench.event(&rule, seq));
    assert_eq!(bench.unfinished(), [(1, 2)]);
    finish(&mut bench);
}

#[test]
fn merged_events_reach_one_hook_and_are_finished_with_it() {
    let mut bench = Bench::new();
    let terms = Terms {
        gather: Some(Gather::default()),
        ..Terms::default()
    };
    let rule = on(bench.rule("merges", GATED), terms);
    bench.event(&rule, 1);
    bench.run_until(|bench| bench.has("started.1"));
    for seq in [2, 4, 7] {
        bench.event(&rule, seq);
    }
    assert_eq!(bench.unfinished(), [(1, 2), (4, 4), (7, 7)]);
    finish(&mut bench);
    assert_eq!(bench.lines("ran"), ["1 1 1 1", "7 3 2 7"]);
    assert_eq!(bench.counted("merges").merged, 2);
}

#[test]
fn merged_events_that_were_running_run_again_after_a_kill() {
    let mut bench = Bench::new();
    let terms = Terms {
        gather: Some(Gather {
            debounce: None,
            coalesce: Some(Duration::from_millis(1)),
        }),
        ..Terms::default()
    };
    let rule = on(bench.rule("merges", GATED), terms);
    for seq in [2, 4, 7] {
        bench.event(&rule, seq);
    }
    bench.run_until(|bench| bench.has("started.7"));
    bench.hooks.end_all(Signal::SIGKILL);
    bench.run_until(|bench| bench.hooks.none_runs());
    assert_eq!(bench.unfinished(), [(2, 2), (4, 4), (7, 7)]);
    for seq in [2, 4, 7] {
        let hook = Hook {
            life: (0, 1),
            rule: "merges".to_owned(),
            seq,
            merged_from: None,
        };
        assert!(bench.keeper.memory().may_have_run(&hook), "{seq}");
    }
}

fn retrying(bench: &Bench, script: &str, order: Order) -> Rc<Rule> {
    let terms = Terms {
        order,
        retry: Some(Retry {
            exit_statuses: vec![75],
            times: 3,
            delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(2),
        }),
        ..Terms::default()
    };
    on(bench.rule("retries", script), terms)
}

#[test]
fn failing_hook_runs_again_before_the_next_of_its_device() {
    let mut bench = Bench::new();
    let script = "echo $IRQCAST_SEQ $IRQCAST_ATTEMPT >> ran; \
                  [ $IRQCAST_SEQ$IRQCAST_ATTEMPT != 11 ] && [ $IRQCAST_SEQ$IRQCAST_ATTEMPT != 12 ] || exit 75";
    let rule = retrying(&bench, script, Order::Device);
    bench.event(&rule, 1);
    bench.event(&rule, 2);
    finish(&mut bench);
    assert_eq!(bench.lines("ran"), ["1 1", "1 2", "1 3", "2 1"]);
    assert_eq!(bench.counted("retries").retries, 2);
}

#[test]
fn hook_that_fails_too_often_is_given_up() {
    let mut bench = Bench::new();
    let rule = retrying(&bench, "echo $IRQCAST_ATTEMPT >> ran; exit 75", Order::Free);
    bench.event(&rule, 1);
    finish(&mut bench);
    assert_eq!(bench.lines("ran"), ["1", "2", "3", "4"]);
}

#[test]
fn other_exit_statuses_are_not_tried_again() {
    let mut bench = Bench::new();
    let rule = retrying(&bench, "echo ran >> ran; exit 74", Order::Device);
    bench.event(&rule, 1);
    finish(&mut bench);
    assert_eq!(bench.lines("ran"), ["ran"]);
}

#[test]
fn stopping_daemon_leaves_what_is_to_run_again_for_the_next_one() {
    let mut bench = Bench::new();
    let script = "touch started; while [ ! -e gate ]; do sleep 0.01; done; exit 75";
    let rule = retrying(&bench, script, Order::Device);
    bench.event(&rule, 1);
    bench.run_until(|bench| bench.has("started"));
    bench.hooks.drop_waiting(&bench.keeper);
    fs::write(bench.path("gate"), "").unwrap();
    bench.run_until(|bench| bench.hooks.none_runs());
    assert_eq!(bench.unfinished(), [(1, 1)]);
    assert_eq!(bench.hooks.deadline(), None);
}
