//! What is remembered over crashes, against a model that knows what ran.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const LIFE: LifeId = (0, 77);
const RULES: [&str; 3] = ["even", "every", "third"];

fn matches(rule: &str, seq: u64) -> bool {
    match rule {
        "even" => seq.is_multiple_of(2),
        "third" => seq.is_multiple_of(3),
        _ => true,
    }
}

fn hook(rule: &str, seq: u64) -> Hook {
    Hook {
        life: LIFE,
        rule: rule.to_owned(),
        seq,
        merged_from: None,
    }
}

/// The hook for events that became one.
fn merged(rule: &str, seqs: &[u64]) -> Hook {
    let (first, last) = (seqs[0], seqs[seqs.len() - 1]);
    Hook {
        merged_from: (first < last).then_some(first),
        ..hook(rule, last)
    }
}

fn took(seq: u64, rules: &[&str]) -> Op {
    Op::Took {
        life: LIFE,
        address: "0000:00:02.0".to_owned(),
        seq,
        rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
    }
}

fn lost(from: u64, to: u64, rules: &[&str]) -> Op {
    Op::Lost {
        life: LIFE,
        address: "0000:00:02.0".to_owned(),
        from,
        to,
        rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
    }
}

fn after(ops: &[Op]) -> Memory {
    let mut memory = Memory::default();
    ops.iter().for_each(|op| memory.apply(op));
    memory
}

fn again(memory: &Memory) -> Vec<(u64, u64)> {
    let (going_on, _) = memory.unfinished();
    going_on
        .iter()
        .map(|range| (range.from, range.to))
        .collect()
}

/// A daemon: its memory, what is on the disk, and its queues, one for each rule.
#[derive(Default)]
struct Daemon {
    memory: Memory,
    saved: String,
    journal: Vec<String>,
    queues: BTreeMap<&'static str, Vec<(u64, bool)>>,
    /// The first and the last of those that became one, and which they are.
    running: BTreeMap<&'static str, Vec<u64>>,
}

/// What there really was.
#[derive(Default)]
struct World {
    /// Numbers that were ever started and ended, by rule.
    started: BTreeSet<(&'static str, u64)>,
    ended: BTreeSet<(&'static str, u64)>,
    /// Numbers that the next crash makes run again.
    open: BTreeSet<(&'static str, u64)>,
    problems: Vec<String>,
}

impl Daemon {
    fn note(&mut self, op: Op) {
        self.memory.apply(&op);
        self.journal
            .push(serde_json::to_string(&op).expect("an op has a JSON form"));
    }

    fn save(&mut self) {
        self.saved = serde_json::to_string(&self.memory).expect("a memory has a JSON form");
        self.journal.clear();
    }

    fn take(&mut self, seq: u64) {
        let rules: Vec<&str> = RULES
            .into_iter()
            .filter(|rule| matches(rule, seq) && self.memory.wants(&hook(rule, seq)))
            .collect();
        for &rule in &rules {
            let repeated = self.memory.may_have_run(&hook(rule, seq));
            let rule = RULES.into_iter().find(|name| *name == rule).expect("known");
            self.queues.entry(rule).or_default().push((seq, repeated));
        }
        self.note(took(seq, &rules));
    }

    /// Starts the hook for the first that waits, or for this many that become one.
    fn start(&mut self, rule: &'static str, many: usize, world: &mut World) {
        let queue = self.queues.entry(rule).or_default();
        if self.running.contains_key(rule) || queue.is_empty() {
            return;
        }
        let together: Vec<(u64, bool)> = queue.drain(..many.min(queue.len())).collect();
        let seqs: Vec<u64> = together.iter().map(|&(seq, _)| seq).collect();
        self.note(Op::Started(merged(rule, &seqs)));
        let repeated = together.iter().any(|&(_, repeated)| repeated);
        let mut ran_before = false;
        for &seq in &seqs {
            ran_before |= !world.started.insert((rule, seq));
            world.open.insert((rule, seq));
        }
        if ran_before != repeated {
            let problem = format!("{rule} {seqs:?}: ran before {ran_before}, marked {repeated}");
            world.problems.push(problem);
        }
        self.running.insert(rule, seqs);
    }

    fn end(&mut self, rule: &'static str, world: &mut World) {
        if let Some(seqs) = self.running.remove(rule) {
            self.note(Op::Ended(merged(rule, &seqs)));
            for seq in seqs {
                world.open.remove(&(rule, seq));
                if !world.ended.insert((rule, seq)) {
                    world.problems.push(format!("{rule} {seq} ended twice"));
                }
            }
        }
    }

    /// Dies, and starts anew from the disk. Whatever is to be told again is told by number.
    fn crash(self, happened: u64) -> Self {
        let mut memory: Memory = match self.saved.as_str() {
            "" => Memory::default(),
            saved => serde_json::from_str(saved).expect("a saved memory"),
        };
        for line in &self.journal {
            memory.apply(&serde_json::from_str(line).expect("a saved op"));
        }
        memory.resume(false);
        let taken = memory
            .positions()
            .first()
            .map_or(0, |position| position.last);
        let told: Vec<u64> = again(&memory)
            .into_iter()
            .flat_map(|(from, to)| from..=to)
            .chain(taken + 1..=happened)
            .collect();
        let mut next = Self {
            memory,
            ..Self::default()
        };
        next.save();
        told.into_iter().for_each(|seq| next.take(seq));
        next
    }
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Event,
    Start(usize, usize),
    End(usize),
    Save,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Event),
        6 => (0..RULES.len(), 1..4usize).prop_map(|(rule, many)| Step::Start(rule, many)),
        6 => (0..RULES.len()).prop_map(Step::End),
        2 => Just(Step::Save),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Every hook ends exactly once, whenever the daemon dies; one that runs twice was running when it
    /// died, and is marked. Nothing else is.
    #[test]
    fn no_hook_is_skipped_and_only_running_ones_are_repeated(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut daemon = Daemon::default();
        let mut world = World::default();
        let mut happened = 0;
        for step in steps {
            match step {
                Step::Event => {
                    happened += 1;
                    daemon.take(happened);
                }
                Step::Start(rule, many) => daemon.start(RULES[rule], many, &mut world),
                Step::End(rule) => daemon.end(RULES[rule], &mut world),
                Step::Save => daemon.save(),
                Step::Crash => daemon = daemon.crash(happened),
            }
        }
        daemon = daemon.crash(happened);
        for rule in RULES {
            for _ in 0..=happened {
                daemon.start(rule, 1, &mut world);
                daemon.end(rule, &mut world);
            }
        }
        let expected: BTreeSet<(&str, u64)> = RULES
            .into_iter()
            .flat_map(|rule| (1..=happened).map(move |seq| (rule, seq)))
            .filter(|&(rule, seq)| matches(rule, seq))
            .collect();
        prop_assert_eq!(&world.problems, &Vec::<String>::new());
        prop_assert_eq!(world.ended, expected);
        prop_assert!(daemon.memory.unfinished().0.is_empty());
    }
}

#[test]
fn slow_rule_does_not_make_others_repeat() {
    let mut ops = vec![took(1, &["slow", "quick"]), took(2, &["quick"])];
    ops.push(Op::Started(hook("slow", 1)));
    ops.extend([1, 2].map(|seq| Op::Ended(hook("quick", seq))));
    let mut memory = after(&ops);
    memory.resume(false);
    assert_eq!(again(&memory), [(1, 1)]);
    assert!(memory.wants(&hook("slow", 1)) && memory.may_have_run(&hook("slow", 1)));
    assert!(!memory.wants(&hook("quick", 1)) && !memory.wants(&hook("new", 1)));
    assert!(memory.wants(&hook("quick", 3)) && !memory.may_have_run(&hook("quick", 3)));
}

#[test]
fn rule_that_is_gone_holds_nothing_back() {
    let mut memory = after(&[took(1, &["old", "kept"])]);
    memory.resume(false);
    memory.apply(&took(1, &["kept"]));
    memory.apply(&Op::Ended(hook("kept", 1)));
    assert_eq!(again(&memory), []);
}

#[test]
fn loss_stays_until_its_hook_has_ended() {
    let mut memory = after(&[
        took(3, &["all"]),
        lost(4, 9, &["tell"]),
        Op::Started(hook("tell", 9)),
    ]);
    memory.resume(false);
    let told = UntoldLoss {
        hook: hook("tell", 9),
        address: "0000:00:02.0".to_owned(),
        from: 4,
    };
    assert_eq!(memory.untold_losses(), [told]);
    assert!(memory.may_have_run(&hook("tell", 9)));
    memory.apply(&Op::Ended(hook("tell", 9)));
    assert_eq!(memory.untold_losses(), []);
    assert_eq!(memory.positions()[0].last, 9);
    // What is lost is not to be fetched.
    memory.apply(&lost(1, 3, &[]));
    assert_eq!(again(&memory), []);
}

#[test]
fn lives_end_with_the_next_one_or_the_boot() {
    let mut memory = after(&[took(1, &["a"]), took(2, &["a"]), took(5, &["a"])]);
    let next = Op::Took {
        life: (0, 78),
        address: String::new(),
        seq: 1,
        rules: Vec::new(),
    };
    memory.apply(&next);
    let (going_on, ended) = memory.unfinished();
    assert!(going_on.is_empty());
    let numbers: Vec<_> = ended.iter().map(|range| (range.from, range.to)).collect();
    assert_eq!(numbers, [(1, 2), (5, 5)]);
    assert_eq!(memory.positions().len(), 1);
    assert_eq!(memory.address(LIFE), Some("0000:00:02.0"));
    for (from, to) in numbers {
        memory.apply(&lost(from, to, &[]));
    }
    assert_eq!(memory.address(LIFE), None, "it is forgotten");
    memory.resume(true);
    assert!(memory.positions().is_empty());
}

#[test]
fn life_may_have_a_lower_incarnation_than_one_of_an_earlier_boot() {
    let mut memory = after(&[took(1, &["a"])]);
    memory.resume(true);
    let (device, incarnation) = LIFE;
    memory.apply(&Op::Took {
        life: (device, incarnation - 1),
        address: String::new(),
        seq: 1,
        rules: Vec::new(),
    });
    memory.apply(&lost(1, 1, &[]));
    let positions = memory.positions();
    let lives: Vec<_> = positions
        .iter()
        .map(|at| (at.device, at.incarnation))
        .collect();
    assert_eq!(lives, [(device, incarnation - 1)]);
}

#[test]
fn device_that_is_gone_is_forgotten_when_its_hooks_have_ended() {
    let mut memory = after(&[took(1, &["a"]), Op::Gone(LIFE)]);
    assert!(memory.positions().is_empty());
    let (going_on, ended) = memory.unfinished();
    assert_eq!((going_on.len(), ended.len()), (0, 1));
    memory.apply(&Op::Ended(hook("a", 1)));
    assert_eq!(memory, Memory::default());
}
