//! The jobs of one rule. Pure.
//!
//! Jobs that wait for each other are a lane: those of a device, or, where the order is free, each job
//! for itself. A lane is busy while one of its jobs runs; or it is ready, which is to say that its first
//! job may start; or delayed until a time; or gone.

use super::window::Window;
use super::{Absorb, Pushed};
use crate::rule::{Beyond, Order, RateLimit, Terms, WhenFull};
use crate::timers::Timers;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

/// Names a lane of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId {
    /// 0 for all of the device's jobs, or else of the one job.
    number: u64,
    device: u32,
}

/// The jobs of one rule.
pub struct OfRule<J> {
    terms: Terms,
    lanes: BTreeMap<LaneId, Lane<J>>,
    /// Where the last job of a device went.
    last: HashMap<u32, LaneId>,
    /// Lanes that were found ready, each once. What they have may have been dropped or delayed since.
    ready: VecDeque<LaneId>,
    delayed: Timers<LaneId>,
    window: Window,
    /// Jobs so far.
    count: u64,
    waiting: usize,
    running: usize,
}

struct Lane<J> {
    jobs: VecDeque<Waiting<J>>,
    busy: bool,
    in_ready: bool,
}

struct Waiting<J> {
    job: J,
    /// Which job of the rule it is.
    number: u64,
    arrived: Instant,
    ready_at: Instant,
    /// It has not been started yet.
    is_fresh: bool,
}

impl<J: Absorb> OfRule<J> {
    pub fn new(terms: &Terms) -> Self {
        Self {
            terms: terms.clone(),
            lanes: BTreeMap::new(),
            last: HashMap::new(),
            ready: VecDeque::new(),
            delayed: Timers::new(),
            window: Window::default(),
            count: 0,
            waiting: 0,
            running: 0,
        }
    }

    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    pub fn set_terms(&mut self, terms: &Terms) {
        if self.terms != *terms {
            self.terms = terms.clone();
        }
    }

    /// How many may wait; `default` where the rule does not say.
    pub fn bound(&self, default: usize) -> usize {
        self.terms.queue.unwrap_or(default)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether nothing waits or runs.
    pub fn is_idle(&self) -> bool {
        self.waiting == 0 && self.running == 0
    }

    pub fn push(&mut self, device: u32, job: J, bound: usize, now: Instant) -> Pushed<J> {
        let job = match self.merge(device, job, now) {
            Ok(()) => return Pushed::Merged,
            Err(job) => job,
        };
        let drops_beyond = self.terms.rate_limit.filter(|it| it.beyond == Beyond::Drop);
        if !self.window.is_free(drops_beyond.as_ref(), now) {
            return Pushed::Refused(job);
        }
        let is_full = self.waiting >= self.bound(bound);
        let dropped = match self.terms.when_full {
            WhenFull::DropNewest if is_full => return Pushed::Refused(job),
            WhenFull::DropOldest if is_full => self.drop_oldest(now),
            _ => None,
        };
        if drops_beyond.is_some() {
            self.window.take(drops_beyond.as_ref(), now);
        }
        self.count += 1;
        let number = match self.terms.order {
            Order::Device => 0,
            Order::Free => self.count,
        };
        let id = LaneId { number, device };
        let gather = self.terms.gather.unwrap_or_default();
        let lane = self.lanes.entry(id).or_insert(Lane {
            jobs: VecDeque::new(),
            busy: false,
            in_ready: false,
        });
        lane.jobs.push_back(Waiting {
            job,
            number: self.count,
            arrived: now,
            ready_at: gather.ready_at(now, now),
            is_fresh: true,
        });
        self.waiting += 1;
        self.last.insert(device, id);
        self.settle(id, now);
        Pushed::Waits(dropped)
    }

    /// Lets the job become one with the device's last one, or gives it back.
    fn merge(&mut self, device: u32, job: J, now: Instant) -> Result<(), J> {
        let Some(&id) = self.last.get(&device) else {
            return Err(job);
        };
        let last = self.lanes.get_mut(&id).and_then(|it| it.jobs.back_mut());
        let Some(last) = last.filter(|last| last.is_fresh) else {
            return Err(job);
        };
        last.job.absorb(job)?;
        let gather = self.terms.gather.unwrap_or_default();
        last.ready_at = gather.ready_at(last.arrived, now);
        self.settle(id, now);
        Ok(())
    }

    /// Takes the job that has waited longest.
    fn drop_oldest(&mut self, now: Instant) -> Option<J> {
        let first = |lane: &Lane<J>| lane.jobs.front().map(|first| first.number);
        let lanes = self.lanes.iter();
        let (_, id) = lanes
            .filter_map(|(&id, lane)| Some((first(lane)?, id)))
            .min()?;
        let dropped = self.lanes.get_mut(&id)?.jobs.pop_front()?;
        self.waiting -= 1;
        self.settle(id, now);
        Some(dropped.job)
    }

    /// The next job that may start. No more than `share` run, where the rule does not say another number.
    pub fn start(&mut self, share: usize, now: Instant) -> Option<(LaneId, J)> {
        while let Some(id) = self.delayed.take_due(now) {
            self.settle(id, now);
        }
        if self.is_at_its_most(share) || !self.window.is_free(self.waits_beyond(), now) {
            return None;
        }
        while let Some(id) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&id) else {
                continue;
            };
            lane.in_ready = false;
            let is_ready = |first: &Waiting<J>| first.ready_at <= now;
            if lane.busy || !lane.jobs.front().is_some_and(is_ready) {
                self.settle(id, now);
                continue;
            }
            let first = lane.jobs.pop_front()?;
            lane.busy = true;
            self.waiting -= 1;
            self.running += 1;
            let limit = self.terms.rate_limit;
            if let Some(limit) = limit.filter(|limit| limit.beyond == Beyond::Wait) {
                self.window.take(Some(&limit), now);
            }
            return Some((id, first.job));
        }
        None
    }

    /// When [`Self::start`], which had nothing, has something although nothing else happens.
    pub fn deadline(&self, share: usize) -> Option<Instant> {
        if self.is_at_its_most(share) {
            return None;
        }
        let limit = self.waits_beyond();
        let free_at = limit.and_then(|limit| self.window.free_at(limit));
        match self.ready.is_empty() {
            false => free_at,
            true => self
                .delayed
                .next()
                .map(|next| free_at.map_or(next, |free_at| free_at.max(next))),
        }
    }

    pub fn finished(&mut self, id: LaneId, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.busy = false;
            self.running -= 1;
            self.settle(id, now);
        }
    }

    pub fn retry(&mut self, id: LaneId, job: J, at: Instant, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            // It is the oldest of its lane, and of all as far as anybody can tell.
            lane.jobs.push_front(Waiting {
                job,
                number: 0,
                arrived: now,
                ready_at: at,
                is_fresh: false,
            });
            self.waiting += 1;
        }
        self.finished(id, now);
    }

    pub fn clear(&mut self) -> usize {
        self.lanes.retain(|_, lane| {
            lane.jobs.clear();
            lane.in_ready = false;
            lane.busy
        });
        self.ready.clear();
        self.delayed = Timers::new();
        std::mem::take(&mut self.waiting)
    }

    fn is_at_its_most(&self, share: usize) -> bool {
        let most = self.terms.concurrency.unwrap_or(share);
        self.running >= most
    }

    /// The rate limit, where hooks beyond it wait.
    fn waits_beyond(&self) -> Option<&RateLimit> {
        let limit = self.terms.rate_limit.as_ref();
        limit.filter(|limit| limit.beyond == Beyond::Wait)
    }

    /// Puts a lane where it belongs, after it has changed.
    fn settle(&mut self, id: LaneId, now: Instant) {
        self.delayed.cancel(&id);
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        match lane.jobs.front() {
            _ if lane.busy => {}
            None => {
                self.lanes.remove(&id);
            }
            Some(first) if first.ready_at > now => self.delayed.set(id, first.ready_at),
            Some(_) if lane.in_ready => {}
            Some(_) => {
                lane.in_ready = true;
                self.ready.push_back(id);
            }
        }
    }
}
