//! How many jobs of a rule have started lately. Pure.

use crate::rule::RateLimit;
use std::collections::VecDeque;
use std::time::Instant;

/// The last starts of a rule, as many as its limit counts.
#[derive(Default)]
pub struct Window(VecDeque<Instant>);

impl Window {
    /// When the next one may start, where the limit says so. That may be past.
    pub fn free_at(&self, limit: &RateLimit) -> Option<Instant> {
        let oldest = self.0.len().checked_sub(limit.count)?;
        self.0.get(oldest).map(|&start| start + limit.per)
    }

    /// Whether one may start now.
    pub fn is_free(&self, limit: Option<&RateLimit>, now: Instant) -> bool {
        limit
            .and_then(|limit| self.free_at(limit))
            .is_none_or(|at| at <= now)
    }

    /// One starts now.
    pub fn take(&mut self, limit: Option<&RateLimit>, now: Instant) {
        self.0.push_back(now);
        let keep = limit.map_or(0, |limit| limit.count);
        self.0.drain(..self.0.len().saturating_sub(keep));
    }
}
