//! The last hooks that failed.

use super::job::Job;
use irqcast_control::Failure;
use std::collections::VecDeque;
use std::time::Instant;

/// How many are kept.
const KEPT: usize = 16;

/// The last hooks that failed, the newest first.
#[derive(Default)]
pub struct Failures(VecDeque<Failed>);

struct Failed {
    rule: String,
    device: Option<u32>,
    seq: Option<u64>,
    what: String,
    when: Instant,
}

impl Failures {
    /// A hook failed like this.
    pub fn add(&mut self, job: &Job, what: String) {
        let occasion = &job.call.occasion;
        self.keep(Failed {
            rule: job.rule.name.clone(),
            device: occasion.device(),
            seq: occasion.number(),
            what,
            when: Instant::now(),
        });
    }

    fn keep(&mut self, failed: Failed) {
        self.0.truncate(KEPT - 1);
        self.0.push_front(failed);
    }

    /// What is told of them.
    pub fn told(&self) -> Vec<Failure> {
        let failures = self.0.iter();
        failures
            .map(|failed| Failure {
                rule: failed.rule.clone(),
                device: failed.device,
                seq: failed.seq,
                what: failed.what.clone(),
                age_ms: super::milliseconds(failed.when.elapsed()),
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
            failures.keep(Failed {
                rule: "a".to_owned(),
                device: Some(0),
                seq: Some(seq),
                what: "exit status 3".to_owned(),
                when: Instant::now(),
            });
        }
        let told = failures.told();
        assert_eq!(told.len(), KEPT);
        assert_eq!((told[0].seq, told[KEPT - 1].seq), (Some(20), Some(5)));
    }
}
