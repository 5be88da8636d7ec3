//! Which job may run when, and when there is room.

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
        queue.push(&lane, job);
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
        queue.push(&lane("quick", 0), job);
        assert_eq!(start_all(&mut queue), [("quick".to_owned(), 0, job)]);
        queue.finished(&lane("quick", 0));
    }
}

#[test]
fn full_queue_holds_back_until_it_is_half_empty() {
    let mut queue = queue(1, 4);
    let lane = lane("slow", 0);
    queue.push(&(Rc::from("quick"), 0), 0);
    for job in 1..=2 {
        queue.push(&lane, job);
        assert_eq!(queue.change(), None);
    }
    queue.push(&lane, 3);
    assert_eq!(queue.change(), Some(Change::Full(Rc::from("slow"))));
    assert_eq!(queue.change(), None);
    // What an event has beyond it is taken all the same.
    queue.push(&lane, 4);
    let mut held = Vec::new();
    while let Some((lane, _)) = queue.start() {
        queue.finished(&lane);
        held.push(queue.holds_back());
        if queue.change() == Some(Change::Room) {
            break;
        }
    }
    assert_eq!(held, [true; 3]);
    assert!(!queue.holds_back());
    assert_eq!(queue.change(), None);
}

#[test]
fn queue_of_one_has_room_when_it_is_empty() {
    let mut queue = queue(1, 1);
    queue.push(&lane("a", 0), 1);
    assert!(matches!(queue.change(), Some(Change::Full(_))));
    start_all(&mut queue);
    assert_eq!(queue.change(), Some(Change::Room));
}

#[test]
fn clear_tells_what_waited_and_keeps_what_runs() {
    let mut queue = queue(1, 4);
    let lane = lane("a", 0);
    for job in 1..=4 {
        queue.push(&lane, job);
    }
    start_all(&mut queue);
    assert_eq!(queue.clear(), [(Rc::from("a"), 3)]);
    queue.finished(&lane);
    assert_eq!(start_all(&mut queue), []);
    assert_eq!(queue.clear(), []);
}

#[test]
fn new_limits_count_from_now_on() {
    let mut queue = queue(1, 1);
    queue.push(&lane("a", 0), 1);
    queue.push(&lane("b", 0), 1);
    assert!(matches!(queue.change(), Some(Change::Full(_))));
    assert_eq!(start_all(&mut queue).len(), 1);
    queue.set_limits(&Limits {
        processes: 2,
        queue: 2,
        ..Limits::default()
    });
    assert_eq!(queue.change(), Some(Change::Room));
    assert_eq!(start_all(&mut queue).len(), 1);
}
