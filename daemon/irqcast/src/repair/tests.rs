//! The order of events, against a model of the driver's ring and the socket's queue.

use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// Most events that the model returns at once, so that longer ranges take several fetches.
const CHUNK: usize = 3;

fn event(device: u32, incarnation: u64, seq: u64) -> Event {
    Event {
        device,
        incarnation,
        address: String::new(),
        seq,
        time_ns: 0,
        cause: 1,
        factorial: None,
        dma_bytes: None,
        replayed: false,
    }
}

/// A device in the driver: how far it has come, and how much its ring holds.
struct Modelled {
    incarnation: u64,
    last: u64,
}

/// The driver, and a listener's queue that drops everything from an overrun on until it is empty.
struct Model {
    /// Sequence number of each life's first event.
    first: u64,
    ring: u64,
    queue_size: usize,
    devices: BTreeMap<u32, Modelled>,
    lives: u64,
    queue: VecDeque<Event>,
    overrun: bool,
    /// The listener has not been told of the overrun yet.
    untold: bool,
}

impl Model {
    fn new(ring: u64, queue_size: usize) -> Self {
        Self::from_number(FIRST, ring, queue_size)
    }

    fn from_number(first: u64, ring: u64, queue_size: usize) -> Self {
        Self {
            first,
            ring,
            queue_size,
            devices: BTreeMap::new(),
            lives: 0,
            queue: VecDeque::new(),
            overrun: false,
            untold: false,
        }
    }

    fn bind(&mut self, device: u32) {
        self.lives += 1;
        let incarnation = self.lives;
        self.devices.insert(
            device,
            Modelled {
                incarnation,
                last: self.first - 1,
            },
        );
    }

    fn interrupt(&mut self, device: u32) {
        let Some(modelled) = self.devices.get_mut(&device) else {
            return;
        };
        modelled.last += 1;
        if self.overrun || self.queue.len() == self.queue_size {
            self.untold |= !self.overrun;
            self.overrun = true;
        } else {
            self.queue
                .push_back(event(device, modelled.incarnation, modelled.last));
        }
    }

    fn positions(&self) -> Vec<Position> {
        self.devices
            .iter()
            .map(|(&device, modelled)| Position {
                device,
                incarnation: modelled.incarnation,
                last: modelled.last,
            })
            .collect()
    }
}

impl History for Model {
    type Error = Infallible;

    fn fetch(&mut self, range: Range) -> Result<Vec<Event>, Infallible> {
        let Some(modelled) = self.devices.get(&range.device) else {
            return Ok(Vec::new());
        };
        if modelled.incarnation != range.incarnation {
            return Ok(Vec::new());
        }
        let oldest = (modelled.last + 1)
            .saturating_sub(self.ring)
            .max(self.first);
        Ok((range.from.max(oldest)..=range.to.min(modelled.last))
            .take(CHUNK)
            .map(|seq| event(range.device, range.incarnation, seq))
            .collect())
    }

    fn first(&mut self, _device: u32, _incarnation: u64) -> Result<u64, Infallible> {
        Ok(self.first)
    }
}

/// A listener, as the subscription is one.
#[derive(Default)]
struct Listener {
    repair: Repair,
    behind: bool,
    told: Vec<Told>,
}

impl Listener {
    fn read_one(&mut self, model: &mut Model) {
        if std::mem::take(&mut model.untold) {
            self.behind = true;
        } else if let Some(event) = model.queue.pop_front() {
            self.repair.received(event);
        } else {
            model.overrun = false;
            if std::mem::take(&mut self.behind) {
                self.repair.caught_up(model.positions());
            }
        }
        while let Ok(Some(told)) = self.repair.next(model) {
            self.told.push(told);
        }
    }

    fn read_all(&mut self, model: &mut Model) {
        while model.untold || !model.queue.is_empty() || self.behind {
            self.read_one(model);
        }
        self.read_one(model);
    }
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Interrupts(u32, u8),
    Bind(u32),
    Read(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2u32, 1..9u8).prop_map(|(device, count)| Step::Interrupts(device, count)),
        1 => (0..2u32).prop_map(Step::Bind),
        4 => (1..9u8).prop_map(Step::Read),
    ]
}

/// The numbers that were told of each life, in the order in which they were.
fn numbers(told: &[Told]) -> BTreeMap<(u32, u64), Vec<u64>> {
    let mut numbers: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for told in told {
        let (life, seqs) = match told {
            Told::Event(event) | Told::Replayed(event) => {
                ((event.device, event.incarnation), event.seq..=event.seq)
            }
            Told::Lost(lost) => ((lost.device, lost.incarnation), lost.from..=lost.to),
        };
        numbers.entry(life).or_default().extend(seqs);
    }
    numbers
}

/// Whether the devices are bound anew on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    One,
    Many,
}

/// Where the numbers begin: as usual, before 2^32, and as near to the end as the steps allow.
fn first() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(FIRST),
        Just((1 << 32) - 20),
        Just(u64::MAX - 1 - 60 * 8),
    ]
}

/// Lets the steps happen to two devices and a listener, who reads all that is left in the end.
/// Returns the driver, and what the listener was told.
fn play(first: u64, ring: u64, queue: usize, steps: Vec<Step>, life: Life) -> (Model, Vec<Told>) {
    let mut model = Model::from_number(first, ring, queue);
    let mut listener = Listener::default();
    model.bind(0);
    model.bind(1);
    listener.repair.begin(model.positions());
    for step in steps {
        match step {
            Step::Interrupts(device, count) => (0..count).for_each(|_| model.interrupt(device)),
            Step::Bind(device) if life == Life::Many => model.bind(device),
            Step::Bind(_) => {}
            Step::Read(count) => (0..count).for_each(|_| listener.read_one(&mut model)),
        }
    }
    listener.read_all(&mut model);
    (model, listener.told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Without a device that is bound anew, each number is told once, in order, as event or as lost.
    #[test]
    fn every_number_is_told_once_in_order(
        first in first(),
        ring in 1..12u64,
        queue in 1..8usize,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (model, told) = play(first, ring, queue, steps, Life::One);
        let numbers = numbers(&told);
        for (device, modelled) in &model.devices {
            let expected: Vec<u64> = (first..=modelled.last).collect();
            let told = numbers.get(&(*device, modelled.incarnation)).cloned().unwrap_or_default();
            prop_assert_eq!(told, expected);
        }
    }

    /// With a ring that holds everything, nothing is lost.
    #[test]
    fn large_ring_loses_nothing(
        queue in 1..8usize,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (_, told) = play(FIRST, u64::MAX, queue, steps, Life::One);
        prop_assert!(!told.iter().any(|told| matches!(told, Told::Lost(_))));
    }

    /// A device that is bound anew counts from its first number on: no number of its new life is told twice, and none is
    /// missing; of an old life, what was told is in order and told once.
    #[test]
    fn lives_of_a_device_do_not_mix(
        first in first(),
        ring in 1..12u64,
        queue in 1..8usize,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (model, told) = play(first, ring, queue, steps, Life::Many);
        let mut events: BTreeMap<(u32, u64), Vec<u64>> = BTreeMap::new();
        for told in &told {
            if let Told::Event(event) | Told::Replayed(event) = told {
                events.entry((event.device, event.incarnation)).or_default().push(event.seq);
            }
        }
        for seqs in events.values() {
            prop_assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", seqs);
        }
        prop_assert!(
            told.iter().all(|told| !matches!(told, Told::Lost(lost) if lost.from < first)),
            "numbers that never were are told as lost: {:?}", told
        );
        // What a living device's ring holds was told as an event, not as lost.
        for (device, modelled) in &model.devices {
            let told = events.get(&(*device, modelled.incarnation)).cloned().unwrap_or_default();
            let oldest = (modelled.last + 1).saturating_sub(ring).max(first);
            for seq in oldest..=modelled.last {
                prop_assert!(told.contains(&seq), "device {} seq {} of {:?}", device, seq, told);
            }
        }
    }
}

#[test]
fn gap_is_fetched_before_the_event_that_shows_it() {
    let mut model = Model::new(100, 100);
    model.bind(0);
    for _ in 0..5 {
        model.interrupt(0);
    }
    let mut repair = Repair::new();
    repair.begin([Position {
        device: 0,
        incarnation: 1,
        last: 0,
    }]);
    repair.received(event(0, 1, 1));
    repair.received(event(0, 1, 5));
    let mut told = Vec::new();
    while let Ok(Some(one)) = repair.next(&mut model) {
        told.push(match one {
            Told::Event(event) => format!("event {}", event.seq),
            Told::Replayed(event) => format!("replayed {} {}", event.seq, event.replayed),
            Told::Lost(lost) => format!("lost {} to {}", lost.from, lost.to),
        });
    }
    assert_eq!(
        told,
        [
            "event 1",
            "replayed 2 true",
            "replayed 3 true",
            "replayed 4 true",
            "event 5"
        ]
    );
}

#[test]
fn resumes_after_what_was_told() {
    let check = |told: Option<Position>, again: &[(u64, u64)], expected: &[u64]| {
        let mut model = Model::new(4, 100);
        model.bind(0);
        for _ in 0..6 {
            model.interrupt(0);
        }
        let mut repair = Repair::new();
        let again = again.iter().map(|&(from, to)| Range {
            device: 0,
            incarnation: told.map_or(0, |told| told.incarnation),
            from,
            to,
        });
        repair.resume(told, again);
        repair.begin(model.positions());
        let mut numbers = Vec::new();
        while let Ok(Some(one)) = repair.next(&mut model) {
            match one {
                Told::Event(event) | Told::Replayed(event) => numbers.push(event.seq),
                Told::Lost(lost) => numbers.extend((lost.from..=lost.to).map(|seq| 100 + seq)),
            }
        }
        assert_eq!(numbers, expected);
    };
    let position = |incarnation, last| {
        Some(Position {
            device: 0,
            incarnation,
            last,
        })
    };
    check(position(1, 4), &[], &[5, 6]);
    check(position(1, 6), &[], &[]);
    check(position(1, 1), &[], &[102, 3, 4, 5, 6]);
    // What is to be told again comes first.
    check(position(1, 5), &[(2, 3), (5, 5)], &[102, 3, 5, 6]);
    // Another life, or none: all of this one, and what its ring no longer holds is lost.
    check(position(9, 4), &[], &[101, 102, 3, 4, 5, 6]);
    check(position(9, 4), &[(3, 4)], &[103, 104, 101, 102, 3, 4, 5, 6]);
    check(None, &[], &[101, 102, 3, 4, 5, 6]);
}

/// The driver is removed and comes back, and its devices interrupt before the listener has joined.
#[test]
fn driver_that_comes_back_is_told_from_its_first_event() {
    let mut model = Model::new(100, 100);
    model.bind(0);
    model.interrupt(0);
    let mut repair = Repair::new();
    repair.begin(model.positions());
    repair.end();
    model.bind(0);
    model.interrupt(0);
    repair.begin(model.positions());
    let replayed = Event {
        replayed: true,
        ..event(0, 2, 1)
    };
    assert_eq!(repair.next(&mut model), Ok(Some(Told::Replayed(replayed))));
    assert_eq!(repair.next(&mut model), Ok(None));
}

#[test]
fn device_that_is_gone_takes_only_its_own_events_along() {
    let range = |device| Range {
        device,
        incarnation: 1,
        from: 1,
        to: 1,
    };
    let mut model = Model::new(100, 100);
    model.bind(0);
    model.interrupt(0);
    let mut repair = Repair::new();
    repair.resume([], [range(1), range(0)]);
    repair.give_up_device(1);
    assert_eq!(repair.next(&mut model), Ok(Some(lost(range(1)))));
    assert!(matches!(
        repair.next(&mut model),
        Ok(Some(Told::Replayed(_)))
    ));
}

#[test]
fn numbers_near_the_end_do_not_wrap() {
    let mut repair = Repair::new();
    let start = Position {
        device: 0,
        incarnation: 1,
        last: u64::MAX - 2,
    };
    repair.begin([start]);
    repair.received(event(0, 1, u64::MAX));
    repair.give_up();
    let mut model = Model::new(1, 1);
    assert_eq!(
        repair.next(&mut model),
        Ok(Some(Told::Lost(Lost {
            device: 0,
            incarnation: 1,
            from: u64::MAX - 1,
            to: u64::MAX - 1,
        })))
    );
    assert_eq!(
        repair.next(&mut model),
        Ok(Some(Told::Event(event(0, 1, u64::MAX))))
    );
}
