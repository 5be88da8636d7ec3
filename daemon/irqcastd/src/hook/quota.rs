//! How many lines of one hook are logged. Pure: is told the time.

use std::time::{Duration, Instant};

/// Lines of one run of a hook that are logged in a second.
pub const LINES_PER_SECOND: u32 = 200;

/// Counts the lines of one run of a hook.
#[derive(Debug, Default)]
pub struct Quota {
    began: Option<Instant>,
    logged: u32,
    left_out: u64,
}

/// What is to be done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is logged.
    pub is_logged: bool,
    /// How many lines were left out before it and are to be told of now; 0 is for none.
    pub left_out: u64,
}

impl Quota {
    /// Takes a line.
    pub fn take(&mut self, now: Instant) -> Taken {
        let is_over = |began| now.duration_since(began) >= Duration::from_secs(1);
        let mut left_out = 0;
        if self.began.is_none_or(is_over) {
            left_out = self.rest();
            self.began = Some(now);
            self.logged = 0;
        }
        let is_logged = self.logged < LINES_PER_SECOND;
        match is_logged {
            true => self.logged += 1,
            false => self.left_out += 1,
        }
        Taken {
            is_logged,
            left_out,
        }
    }

    /// How many lines were left out and not told of, which is told then.
    pub fn rest(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_lines_and_the_others_are_told() {
        let mut quota = Quota::default();
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut take = |after, count: u32| {
            let taken: Vec<Taken> = (0..count).map(|_| quota.take(start + after)).collect();
            let logged = taken.iter().filter(|taken| taken.is_logged).count();
            let told: u64 = taken.iter().map(|taken| taken.left_out).sum();
            (logged, told)
        };
        let most = LINES_PER_SECOND as usize;
        assert_eq!(take(Duration::ZERO, LINES_PER_SECOND), (most, 0));
        assert_eq!(take(second / 2, 7), (0, 0));
        assert_eq!(take(second, 1), (1, 7));
        assert_eq!(take(second, LINES_PER_SECOND + 2), (most - 1, 0));
        assert_eq!(quota.rest(), 3);
        assert_eq!(quota.rest(), 0);
    }
}
