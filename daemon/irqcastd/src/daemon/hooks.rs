//! The hooks that wait and that run.

mod ending;
mod view;

use super::drops::Drops;
use super::failures::Failures;
use super::job::Job;
use super::keeper::Keeper;
use super::running::Running;
use super::time_limits::TimeLimits;
use crate::config::{Config, Limits};
use crate::hook::group::Group;
use crate::hook::occasion::Drop;
use crate::hook::output::Room;
use crate::hook::quota::Quota;
use crate::hook::spawn::{Trusted, spawn};
use crate::memory::Op;
use crate::metrics;
use crate::queue::{Change, Pushed, Queue, Turn};
use ending::Told;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::iter;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::Instant;
use tracing::{debug, info, warn};

/// The hooks that wait and that run.
pub struct Hooks {
    queue: Queue<Job>,
    running: HashMap<Pid, Running>,
    limits: TimeLimits,
    drops: Drops,
    /// Nothing is to be started any more.
    stopping: bool,
    /// Whether the running ones were told to end. One that such a signal ends has not done its work.
    ending: bool,
    counters: metrics::Hooks,
    /// For what hooks print.
    room: Room,
    failures: Failures,
    /// What is known of programs.
    trusted: Trusted,
    /// Those that have ended, which the log is still to tell.
    ended: Vec<Told>,
    /// Hooks are not started, but told.
    dry_run: bool,
}

impl Hooks {
    /// None. In a dry run they are not started, but told.
    pub fn new(limits: &Limits, dry_run: bool) -> Self {
        Self {
            queue: Queue::new(limits),
            running: HashMap::new(),
            limits: TimeLimits::new(),
            drops: Drops::new(),
            stopping: false,
            ending: false,
            counters: metrics::Hooks::default(),
            room: Room::default(),
            failures: Failures::default(),
            trusted: Trusted::default(),
            ended: Vec::new(),
            dry_run,
        }
    }

    /// Takes over a new configuration. What waits already keeps the rule that it matched.
    pub fn configure(&mut self, config: &Config) {
        let terms = config.rules.iter();
        let terms = terms.map(|rule| (rule.name.as_str(), &rule.terms));
        self.queue.set_limits(&config.limits, terms);
        self.count_for(&config.rules);
    }

    /// Lets a job wait for its turn. Returns whether it does; if not it was dropped.
    pub fn queue(&mut self, job: Job, keeper: &mut Keeper) -> bool {
        let now = Instant::now();
        let rule = Rc::clone(&job.rule);
        // Where there is no device there is none for this rule: its hooks run one after the other.
        let device = job.call.occasion.device().unwrap_or_default();
        match self.queue.push(&rule.name, &rule.terms, device, job, now) {
            Pushed::Waits(None) => true,
            Pushed::Waits(Some(dropped)) => {
                self.dropped(&dropped, keeper, now);
                true
            }
            Pushed::Merged => {
                self.counters.merged(&rule.name);
                true
            }
            Pushed::Refused(dropped) => {
                self.dropped(&dropped, keeper, now);
                false
            }
        }
    }

    /// Such a hook will never run.
    fn dropped(&mut self, job: &Job, keeper: &mut Keeper, now: Instant) {
        self.counters.dropped(&job.rule.name);
        self.drops.note(&job.rule.name, &job.call, now);
        note_end(job, keeper);
    }

    /// Takes what was dropped and rules are to be told of.
    pub fn take_drops(&mut self) -> Vec<Drop> {
        self.drops.take_news()
    }

    /// Whether so many hooks of a rule wait that nothing is to be queued. Tells when that changes.
    pub fn hold_back(&mut self) -> bool {
        while let Some(change) = self.queue.change() {
            match change {
                Change::Full(rule) => warn!(
                    %rule,
                    "too many hooks of this rule wait; no event is taken until half of them ran"
                ),
                Change::Room(rule) if self.queue.holds_back() => {
                    info!(%rule, "half of the hooks of this rule that waited ran");
                }
                Change::Room(rule) => {
                    info!(%rule, "half of the hooks that waited ran; taking events again");
                }
            }
        }
        self.queue.holds_back()
    }

    /// Starts the hooks that may run now. The memory knows of each before it runs.
    pub fn start_ready(&mut self, keeper: &mut Keeper) {
        loop {
            let now = Instant::now();
            let ready: Vec<(Turn, Job)> = iter::from_fn(|| self.queue.start(now)).collect();
            if ready.is_empty() {
                return;
            }
            let hooks = ready.iter().filter_map(|(_, job)| job.hook());
            hooks.for_each(|hook| keeper.note(Op::Started(hook)));
            keeper.commit();
            for (turn, job) in ready {
                self.start(turn, job, keeper);
            }
        }
    }

    fn start(&mut self, turn: Turn, job: Job, keeper: &mut Keeper) {
        let entered = job.span.enter();
        if self.dry_run {
            let fields = job.call.fields(&job.rule);
            let command: Vec<String> = job.rule.program.arguments(&fields).collect();
            info!(rule = job.rule.name, ?command, "would run");
            note_end(&job, keeper);
            self.queue.finished(&turn, Instant::now());
            return;
        }
        match spawn(&job.rule, &job.call, &mut self.trusted) {
            Ok(spawned) => {
                let pid = spawned.child.pid;
                debug!(rule = job.rule.name, pid = pid.as_raw(), "hook started");
                self.counters.started(&job.rule.name);
                let group = Rc::new(Group::of(spawned.child));
                let limit = self.limits.begin(&job.rule, &group, &job.span);
                drop(entered);
                let running = Running {
                    turn,
                    job,
                    started: Instant::now(),
                    group,
                    starting: spawned.starting,
                    limit,
                    output: Some(spawned.output),
                    quota: Quota::default(),
                    trouble: spawned.trouble,
                };
                self.running.insert(pid, running);
            }
            Err(reason) => {
                warn!(rule = job.rule.name, %reason, "hook not started");
                self.counters.not_started(&job.rule.name);
                self.failures.add(&job, format!("not started: {reason}"));
                note_end(&job, keeper);
                self.queue.finished(&turn, Instant::now());
            }
        }
    }

    /// The pipes that running hooks print to.
    pub fn outputs(&self) -> impl Iterator<Item = (Pid, BorrowedFd<'_>)> {
        self.running
            .iter()
            .filter_map(|(&pid, running)| Some((pid, running.output.as_ref()?.as_fd())))
    }

    /// The processes of running hooks: each is readable once it has ended.
    pub fn processes(&self) -> impl Iterator<Item = (Pid, BorrowedFd<'_>)> {
        let running = self.running.iter();
        running.map(|(&pid, running)| (pid, running.group.as_fd()))
    }

    /// Logs what a hook has printed.
    pub fn read_output(&mut self, pid: Pid) {
        if let Some(running) = self.running.get_mut(&pid) {
            running.read(pid, &mut self.counters, &mut self.room);
        }
    }

    /// Lets nothing wait any more. What waited stays in the memory, if there is one.
    pub fn drop_waiting(&mut self, keeper: &Keeper) {
        self.stopping = true;
        for (rule, waiting) in self.queue.clear() {
            match keeper.remembers() {
                true => {
                    info!(%rule, waiting, "hooks wait; they run at the next start, but for other families' messages")
                }
                false => warn!(%rule, waiting, "hooks wait, and will not run: there is no memory"),
            }
        }
    }

    /// Ends every running hook and what it has started by a signal.
    pub fn end_all(&mut self, signal: Signal) {
        self.ending = true;
        for running in self.running.values() {
            // The group is gone when its last process is, which the exit status will tell.
            running.group.signal(signal);
        }
    }

    /// When there is something to do although nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.limits.deadline(),
            self.queue.deadline(),
            self.drops.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Does what is to be done by now, but for starting hooks.
    pub fn keep_time(&mut self) {
        let now = Instant::now();
        self.limits.enforce(now, &mut self.counters);
        self.drops.say(now);
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Whether none runs.
    pub fn none_runs(&self) -> bool {
        self.running.is_empty()
    }
}

/// The job's hook has ended, or will never run.
fn note_end(job: &Job, keeper: &mut Keeper) {
    if let Some(hook) = job.hook() {
        keeper.note(Op::Ended(hook));
    }
}

#[cfg(test)]
mod tests;
