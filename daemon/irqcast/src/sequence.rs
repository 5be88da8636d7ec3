//! Finds gaps in the sequence numbers. Pure: takes numbers and returns what is missing.

use crate::event::Lost;
use std::collections::HashMap;

/// The last sequence number of each device, and with it the knowledge of what is missing.
#[derive(Clone, Debug, Default)]
pub struct Sequences {
    last: HashMap<u32, Last>,
    /// Whether a device that is not in `last` was not there when the subscription began.
    others_are_new: bool,
}

/// What is known about a device's last event.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// The driver said that this was the last one when the subscription began. It and earlier ones
    /// may or may not arrive.
    Told(u64),
    /// It was received.
    Seen(u64),
}

impl Sequences {
    /// Nothing known: the first event of each device is taken as it comes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes `seq` as the last event of `device` before the subscription began, so that events that
    /// are lost between then and the first one received are noticed too.
    pub fn starts_after(&mut self, device: u32, seq: u64) {
        self.last.entry(device).or_insert(Last::Told(seq));
    }

    /// Every device that [`Self::starts_after`] was not told of binds later, and its first event is 1.
    pub fn others_start_at_one(&mut self) {
        self.others_are_new = true;
    }

    /// Notes that event `seq` of `device` was received. Returns what is missing before it.
    ///
    /// A number that does not grow means that the device was bound anew and counts from 1 again.
    pub fn note(&mut self, device: u32, seq: u64) -> Option<Lost> {
        let next = match self.last.insert(device, Last::Seen(seq)) {
            None if self.others_are_new => 1,
            None => return None,
            Some(Last::Told(last)) if seq <= last => return None,
            Some(Last::Seen(last)) if seq <= last => 1,
            Some(Last::Told(last) | Last::Seen(last)) => last + 1,
        };
        (seq > next).then(|| Lost {
            device,
            from: next,
            to: seq - 1,
        })
    }

    /// Forgets everything: the driver went away, and its devices count from 1 when it comes back.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device, a sequence number, and the loss (from, to) that noting it tells of.
    type Step = (u32, u64, Option<(u64, u64)>);

    fn check(start: &[(u32, u64)], steps: &[Step]) {
        let mut sequences = Sequences::new();
        for &(device, seq) in start {
            sequences.starts_after(device, seq);
        }
        for &(device, seq, expected) in steps {
            let expected = expected.map(|(from, to)| Lost { device, from, to });
            assert_eq!(
                sequences.note(device, seq),
                expected,
                "device {device} seq {seq}"
            );
        }
    }

    #[test]
    fn in_order_loses_nothing() {
        check(
            &[],
            &[(0, 7, None), (0, 8, None), (1, 1, None), (0, 9, None)],
        );
    }

    #[test]
    fn gap_is_told_once_and_exactly() {
        check(
            &[],
            &[
                (0, 1, None),
                (0, 5, Some((2, 4))),
                (0, 6, None),
                (0, 8, Some((7, 7))),
            ],
        );
    }

    #[test]
    fn devices_do_not_mix() {
        check(
            &[],
            &[
                (0, 1, None),
                (1, 1, None),
                (1, 3, Some((2, 2))),
                (0, 2, None),
            ],
        );
    }

    #[test]
    fn start_is_a_bound_and_not_an_event() {
        // The driver said 5: events 4 and 5 may still be in the queue, and 6 is next.
        check(&[(0, 5)], &[(0, 4, None), (0, 5, None), (0, 6, None)]);
        check(&[(0, 5)], &[(0, 6, None)]);
        check(&[(0, 5)], &[(0, 9, Some((6, 8)))]);
        check(&[(0, 0)], &[(0, 2, Some((1, 1)))]);
    }

    #[test]
    fn device_that_came_later_starts_at_one() {
        let mut sequences = Sequences::new();
        sequences.starts_after(0, 7);
        sequences.others_start_at_one();
        assert_eq!(sequences.note(0, 8), None);
        let lost = Lost {
            device: 1,
            from: 1,
            to: 2,
        };
        assert_eq!(sequences.note(1, 3), Some(lost));
        assert_eq!(sequences.note(2, 1), None);
        sequences.clear();
        assert_eq!(sequences.note(3, 9), None);
    }

    #[test]
    fn device_that_was_bound_anew_counts_from_one() {
        check(&[], &[(0, 9, None), (0, 1, None), (0, 2, None)]);
        check(&[], &[(0, 9, None), (0, 3, Some((1, 2)))]);
    }

    #[test]
    fn largest_numbers_do_not_overflow() {
        check(
            &[],
            &[
                (0, u64::MAX - 1, None),
                (0, u64::MAX, None),
                (0, 2, Some((1, 1))),
            ],
        );
        check(&[(0, u64::MAX)], &[(0, u64::MAX, None)]);
    }
}
