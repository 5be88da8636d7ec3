//! What the queues of rules drop: told in the log, not more often than bearable, and to rules that are
//! for it.

use crate::hook::call::{Call, Merged};
use crate::hook::occasion::{Drop, Occasion};
use crate::timers::Timers;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tracing::warn;

/// Shortest time between two lines of the log about the drops of one rule.
const QUIET: Duration = Duration::from_secs(10);

/// What was dropped and is still to be told.
pub struct Drops {
    /// To rules.
    news: Vec<Drop>,
    /// In the log, by rule: how many since its last line.
    unsaid: BTreeMap<Rc<str>, u64>,
    quiet: Timers<Rc<str>>,
}

impl Drops {
    /// None.
    pub fn new() -> Self {
        Self {
            news: Vec::new(),
            unsaid: BTreeMap::new(),
            quiet: Timers::new(),
        }
    }

    /// A hook of this rule was dropped.
    pub fn note(&mut self, rule: &str, call: &Call, now: Instant) {
        let occasion = &call.occasion;
        if let Some(unsaid) = self.unsaid.get_mut(rule) {
            *unsaid += 1;
        } else {
            let (device, seq) = (occasion.device(), occasion.number());
            warn!(
                rule,
                device, seq, "dropped a hook of this rule, as it is told to; more are counted"
            );
            let rule: Rc<str> = Rc::from(rule);
            self.quiet.set(Rc::clone(&rule), now + QUIET);
            self.unsaid.insert(rule, 0);
        }
        // What a rule for drops drops is no news, or two of them could go on for ever.
        // Nor is what was dropped of a trace, which the daemon does not remember.
        if let Occasion::Event(event) = &**occasion
            && !call.trace
        {
            let merged = call.merged.unwrap_or(Merged {
                count: 1,
                from: event.seq,
                to: event.seq,
            });
            let drop = Drop {
                rule: rule.to_owned(),
                device: event.device,
                incarnation: event.incarnation,
                address: Some(event.address.clone()),
                count: merged.count,
                from: merged.from,
                to: merged.to,
            };
            if !self.news.iter_mut().any(|earlier| earlier.absorb(&drop)) {
                self.news.push(drop);
            }
        }
    }

    /// Takes what rules are to be told.
    pub fn take_news(&mut self) -> Vec<Drop> {
        std::mem::take(&mut self.news)
    }

    /// When the log is to say more.
    pub fn deadline(&self) -> Option<Instant> {
        self.quiet.next()
    }

    /// Says in the log what is to be said by now.
    pub fn say(&mut self, now: Instant) {
        while let Some(rule) = self.quiet.take_due(now) {
            match self.unsaid.get_mut(&rule) {
                Some(unsaid) if *unsaid > 0 => {
                    warn!(%rule, count = *unsaid, "dropped more hooks of this rule");
                    *unsaid = 0;
                    self.quiet.set(rule, now + QUIET);
                }
                _ => {
                    self.unsaid.remove(&rule);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use irqcast::{Event, Lost};

    fn call(occasion: Occasion) -> Call {
        Call {
            occasion: Rc::new(occasion),
            repeated: false,
            trace: false,
            merged: None,
            attempt: 1,
        }
    }

    fn event(device: u32, seq: u64) -> Call {
        call(Occasion::Event(Event {
            device,
            incarnation: 1,
            address: "0000:00:02.0".to_owned(),
            seq,
            time_ns: 1,
            cause: 2,
            factorial: None,
            dma_bytes: None,
            replayed: false,
        }))
    }

    #[test]
    fn drops_are_summed_up_by_rule_and_device() {
        let mut drops = Drops::new();
        let now = Instant::now();
        for (rule, device, seq) in [("a", 0, 3), ("a", 1, 4), ("a", 0, 7), ("b", 0, 7)] {
            drops.note(rule, &event(device, seq), now);
        }
        let lost = Lost {
            device: 0,
            incarnation: 1,
            from: 1,
            to: 2,
        };
        let address = None;
        drops.note("a", &call(Occasion::Loss { lost, address }), now);
        let news: Vec<_> = drops
            .take_news()
            .into_iter()
            .map(|drop| (drop.rule, drop.device, drop.count, drop.from, drop.to))
            .collect();
        let expected = [("a", 0, 2, 3, 7), ("a", 1, 1, 4, 4), ("b", 0, 1, 7, 7)];
        let expected = expected.map(|(rule, a, b, c, d)| (rule.to_owned(), a, b, c, d));
        assert_eq!(news, expected);
        assert_eq!(drops.take_news(), []);
    }

    #[test]
    fn drops_of_a_trace_are_no_news() {
        let mut drops = Drops::new();
        let traced = Call {
            trace: true,
            ..event(0, 3)
        };
        drops.note("a", &traced, Instant::now());
        assert_eq!(drops.take_news(), []);
        assert!(drops.deadline().is_some(), "the log tells of it");
    }

    #[test]
    fn log_is_quiet_between_two_lines_and_then_for_ever() {
        let mut drops = Drops::new();
        let start = Instant::now();
        drops.note("a", &event(0, 1), start);
        drops.note("a", &event(0, 2), start);
        assert_eq!(drops.deadline(), Some(start + QUIET));
        drops.say(start + QUIET);
        assert_eq!(drops.deadline(), Some(start + 2 * QUIET));
        drops.say(start + 2 * QUIET);
        assert_eq!(drops.deadline(), None);
    }
}
