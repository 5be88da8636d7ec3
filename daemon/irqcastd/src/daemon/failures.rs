//! The last hooks that failed.

use crate::memory::Hook;
use irqcast_control::Failure;
use std::collections::VecDeque;
use std::time::Instant;

/// How many are kept.
const KEPT: usize = 16;

/// The last hooks that failed, the newest first.
#[derive(Default)]
pub struct Failures(VecDeque<(Hook, String, Instant)>);

impl Failures {
    /// A hook failed like this.
    pub fn add(&mut self, hook: &Hook, what: String) {
        self.0.truncate(KEPT - 1);
        self.0.push_front((hook.clone(), what, Instant::now()));
    }

    /// What is told of them.
    pub fn told(&self) -> Vec<Failure> {
        let failures = self.0.iter();
        failures
            .map(|(hook, what, when)| Failure {
                rule: hook.rule.clone(),
                device: hook.life.0,
                seq: hook.seq,
                what: what.clone(),
                age_ms: super::milliseconds(when.elapsed()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_ones_are_kept() {
        let mut failures = Failures::default();
        for seq in 1..=20 {
            let hook = Hook {
                life: (0, 0),
                rule: "a".to_owned(),
                seq,
            };
            failures.add(&hook, "exit status 3".to_owned());
        }
        let told = failures.told();
        assert_eq!(told.len(), KEPT);
        assert_eq!((told[0].seq, told[KEPT - 1].seq), (20, 5));
    }
}
