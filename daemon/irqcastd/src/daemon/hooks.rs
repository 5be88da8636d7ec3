//! The hooks that wait and that run.

mod view;

use super::failures::Failures;
use super::keeper::Keeper;
use super::tally::Tally;
use super::time_limits::{LimitId, TimeLimits};
use crate::config::Limits;
use crate::hook::call::{Call, Marks};
use crate::hook::confine::trouble::Trouble;
use crate::hook::group::Group;
use crate::hook::output::{Line, Output, State};
use crate::hook::spawn::spawn;
use crate::memory::{Hook, Op};
use crate::metrics::{self, End};
use crate::queue::{Change, Lane, Queue};
use crate::rule::Rule;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::iter;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::Instant;
use tracing::{Span, debug, info, warn};

/// Reads of a hook's output after it has ended. What it started may hold the pipe open and print for
/// ever; this is for what is in the pipe already.
const LAST_READS: usize = 5;

/// An event or a loss that waits for a rule's hook.
pub struct Job {
    /// The rule.
    pub rule: Rc<Rule>,
    /// What its hook is to be told.
    pub call: Call,
    /// What is logged about the hook names its event or loss by this span.
    pub span: Span,
}

impl Job {
    /// How the memory names it.
    fn hook(&self) -> Hook {
        Hook {
            life: self.call.occasion.life(),
            rule: self.rule.name.clone(),
            seq: self.call.occasion.seq(),
        }
    }
}

/// A hook that runs.
struct Running {
    lane: Lane,
    hook: Hook,
    marks: Marks,
    span: Span,
    started: Instant,
    limit: Option<LimitId>,
    /// Gone once the hook has closed it.
    output: Option<Output>,
    /// Where its second stage tells that it failed, if it has one.
    trouble: Option<Trouble>,
}

/// The hooks that wait and that run.
pub struct Hooks {
    queue: Queue<Job>,
    running: HashMap<Pid, Running>,
    limits: TimeLimits,
    tally: Tally,
    /// Whether the running ones were told to end. One that such a signal ends has not done its work.
    ending: bool,
    counters: metrics::Hooks,
    failures: Failures,
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
            tally: Tally::default(),
            ending: false,
            counters: metrics::Hooks::default(),
            failures: Failures::default(),
            dry_run,
        }
    }

    /// Takes over new limits. What waits already keeps the rule that it matched.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.queue.set_limits(limits);
    }

    /// Lets a job wait for its turn.
    pub fn queue(&mut self, job: Job) {
        let (device, _) = job.call.occasion.life();
        self.queue
            .push(&(Rc::from(job.rule.name.as_str()), device), job);
    }

    /// Whether so many hooks wait that nothing is to be queued. Tells when that changes.
    pub fn hold_back(&mut self) -> bool {
        match self.queue.change() {
            Some(Change::Full(rule)) => warn!(
                %rule,
                "too many hooks wait, most of them of this rule; no event is taken until half of them ran"
            ),
            Some(Change::Room) => info!("half of the hooks that waited ran; taking events again"),
            None => {}
        }
        self.queue.holds_back()
    }

    /// Starts the hooks that may run now. The memory knows of each before it runs.
    pub fn start_ready(&mut self, keeper: &mut Keeper) {
        loop {
            let ready: Vec<(Lane, Job)> = iter::from_fn(|| self.queue.start()).collect();
            if ready.is_empty() {
                return;
            }
            for (_, job) in &ready {
                // What is replayed from a trace is nothing to go on with after a restart.
                if !job.call.marks.trace {
                    keeper.note(Op::Started(job.hook()));
                }
            }
            keeper.commit();
            for (lane, job) in ready {
                self.start(lane, job, keeper);
            }
        }
    }

    fn start(&mut self, lane: Lane, job: Job, keeper: &mut Keeper) {
        let hook = job.hook();
        let entered = job.span.enter();
        if self.dry_run {
            let fields = job.call.fields(&job.rule);
            let command: Vec<String> = job
                .rule
                .program
                .command
                .iter()
                .map(|argument| argument.fill(&fields))
                .collect();
            info!(rule = job.rule.name, ?command, "would run");
            if !job.call.marks.trace {
                keeper.note(Op::Ended(hook));
            }
            self.queue.finished(&lane);
            return;
        }
        match spawn(&job.rule, &job.call) {
            Ok(spawned) => {
                let pid = spawned.pid.as_raw();
                debug!(rule = job.rule.name, pid, "hook started");
                self.counters.started(&job.rule.name);
                drop(entered);
                let group = Group::of(spawned.pid);
                let limit = self.limits.begin(&job.rule, group, &job.span);
                self.running.insert(
                    spawned.pid,
                    Running {
                        lane,
                        hook,
                        marks: job.call.marks,
                        span: job.span,
                        started: Instant::now(),
                        limit,
                        output: Some(Output::new(spawned.output)),
                        trouble: spawned.trouble,
                    },
                );
            }
            Err(reason) => {
                warn!(rule = job.rule.name, %reason, "hook not started");
                self.counters.not_started(&job.rule.name);
                self.failures.add(&hook, format!("not started: {reason}"));
                if !job.call.marks.trace {
                    keeper.note(Op::Ended(hook));
                }
                self.queue.finished(&lane);
            }
        }
    }

    /// The pipes that running hooks print to.
    pub fn outputs(&self) -> impl Iterator<Item = (Pid, BorrowedFd<'_>)> {
        self.running
            .iter()
            .filter_map(|(&pid, running)| Some((pid, running.output.as_ref()?.as_fd())))
    }

    /// Logs what a hook has printed.
    pub fn read_output(&mut self, pid: Pid) {
        if let Some(running) = self.running.get_mut(&pid) {
            running.read(pid, &mut self.counters);
        }
    }

    /// A child has ended.
    pub fn ended(&mut self, status: WaitStatus, keeper: &mut Keeper) {
        let Some(pid) = status.pid() else { return };
        let Some(mut running) = self.running.remove(&pid) else {
            debug!(pid = pid.as_raw(), "a child that is no hook ended");
            return;
        };
        for _ in 0..LAST_READS {
            if running.read(pid, &mut self.counters) != State::More {
                break;
            }
        }
        running.finish_output(pid, &mut self.counters);
        let limit_passed = running
            .limit
            .is_some_and(|id| self.limits.program_ended(id));
        let _entered = running.span.enter();
        let rule = &running.lane.0;
        let pid = pid.as_raw();
        let duration = running.started.elapsed();
        let milliseconds = duration.as_millis();
        let trouble = running.trouble.and_then(Trouble::read);
        match status {
            WaitStatus::Exited(..) if trouble.is_some() => {
                let reason = trouble.unwrap_or_default();
                warn!(%rule, pid, %reason, "hook not started");
            }
            WaitStatus::Exited(_, 0) => info!(%rule, pid, milliseconds, status = 0, "hook done"),
            WaitStatus::Exited(_, status) => {
                warn!(%rule, pid, milliseconds, status, "hook failed");
            }
            WaitStatus::Signaled(_, signal, _) => {
                warn!(%rule, pid, milliseconds, signal = %signal, limit_passed, "hook ended by a signal");
            }
            _ => {}
        }
        let end = match status {
            WaitStatus::Exited(_, status) => Some(End::Exited(status)),
            WaitStatus::Signaled(_, signal, _) => Some(End::Signaled(signal)),
            _ => None,
        };
        if let Some(end) = end {
            self.counters.ended(rule, end, duration);
            if let Some(what) = end.failure() {
                self.failures.add(&running.hook, what);
            }
        }
        let is_done = !(self.ending && matches!(status, WaitStatus::Signaled(..)));
        if is_done && !running.marks.trace {
            keeper.note(Op::Ended(running.hook));
        }
        self.queue.finished(&running.lane);
    }

    /// Lets nothing wait any more. What waited stays in the memory, if there is one.
    pub fn drop_waiting(&mut self, keeper: &Keeper) {
        for (rule, waiting) in self.queue.clear() {
            match keeper.remembers() {
                true => info!(%rule, waiting, "hooks wait; they run at the next start"),
                false => warn!(%rule, waiting, "hooks wait, and will not run: there is no memory"),
            }
        }
    }

    /// Ends every running hook and what it has started by a signal.
    pub fn end_all(&mut self, signal: Signal) {
        self.ending = true;
        for &pid in self.running.keys() {
            // The group is gone when its last process is, which the exit status will tell.
            let _ = killpg(pid, signal);
        }
    }

    /// When there is something to do although nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        self.limits.deadline()
    }

    /// Does what is to be done by now.
    pub fn keep_time(&mut self) {
        self.limits.enforce(Instant::now(), &mut self.tally);
    }

    /// Logs what was counted.
    pub fn log_counts(&self) {
        self.tally.log();
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

impl Running {
    /// Logs what has been printed, up to a bound.
    fn read(&mut self, pid: Pid, counters: &mut metrics::Hooks) -> State {
        let Some(output) = &mut self.output else {
            return State::Ended;
        };
        let state = match output.read() {
            Ok(printed) => {
                self.log(pid, printed.lines, counters);
                printed.state
            }
            Err(reason) => {
                let rule = &self.lane.0;
                warn!(%rule, pid = pid.as_raw(), %reason, "failed to read what a hook prints");
                State::Ended
            }
        };
        if state == State::Ended {
            self.output = None;
        }
        state
    }

    /// Logs the last line, if it does not end in a newline, and closes the pipe.
    fn finish_output(&mut self, pid: Pid, counters: &mut metrics::Hooks) {
        if let Some(line) = self.output.take().and_then(|mut output| output.finish()) {
            self.log(pid, vec![line], counters);
        }
    }

    fn log(&self, pid: Pid, lines: Vec<Line>, counters: &mut metrics::Hooks) {
        let _entered = self.span.enter();
        let rule = &self.lane.0;
        let pid = pid.as_raw();
        for Line { text, cut } in lines {
            match cut {
                false => info!(%rule, pid, line = text, "hook printed"),
                true => {
                    info!(%rule, pid, line = text, cut, "hook printed");
                    counters.line_cut(rule);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
