//! The hooks that wait and that run.

use super::keeper::Keeper;
use crate::config::Limits;
use crate::hook::occasion::Occasion;
use crate::hook::output::{Line, Output, State};
use crate::hook::spawn::spawn;
use crate::memory::{Hook, Op};
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

/// An event, a loss or a message that waits for a rule's hook.
pub struct Job {
    /// The rule.
    pub rule: Rc<Rule>,
    /// What its hook is to run for.
    pub occasion: Rc<Occasion>,
    /// Whether it may have run for that before.
    pub repeated: bool,
    /// What is logged about the hook names its event or loss by this span.
    pub span: Span,
}

impl Job {
    /// How the memory names it, if it is to be remembered.
    fn hook(&self) -> Option<Hook> {
        let (life, seq) = self.occasion.number()?;
        let rule = self.rule.name.clone();
        Some(Hook { life, rule, seq })
    }
}

/// A hook that runs.
struct Running {
    lane: Lane,
    hook: Option<Hook>,
    span: Span,
    started: Instant,
    /// Gone once the hook has closed it.
    output: Option<Output>,
}

/// The hooks that wait and that run.
pub struct Hooks {
    queue: Queue<Job>,
    running: HashMap<Pid, Running>,
    /// Whether the running ones were told to end. One that such a signal ends has not done its work.
    ending: bool,
}

impl Hooks {
    /// None.
    pub fn new(limits: &Limits) -> Self {
        Self {
            queue: Queue::new(limits),
            running: HashMap::new(),
            ending: false,
        }
    }

    /// Takes over new limits. What waits already keeps the rule that it matched.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.queue.set_limits(limits);
    }

    /// Lets a job wait for its turn.
    pub fn queue(&mut self, job: Job) {
        let number = job.occasion.number();
        let device = number.map_or(0, |((device, _), _)| device);
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
            for hook in ready.iter().filter_map(|(_, job)| job.hook()) {
                keeper.note(Op::Started(hook));
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
        match spawn(&job.rule, &job.occasion, job.repeated) {
            Ok(spawned) => {
                let pid = spawned.pid.as_raw();
                debug!(rule = job.rule.name, pid, "hook started");
                drop(entered);
                self.running.insert(
                    spawned.pid,
                    Running {
                        lane,
                        hook,
                        span: job.span,
                        started: Instant::now(),
                        output: Some(Output::new(spawned.output)),
                    },
                );
            }
            Err(reason) => {
                warn!(rule = job.rule.name, %reason, "hook not started");
                if let Some(hook) = hook {
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
            running.read(pid);
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
            if running.read(pid) != State::More {
                break;
            }
        }
        running.finish_output(pid);
        let _entered = running.span.enter();
        let rule = &running.lane.0;
        let pid = pid.as_raw();
        let milliseconds = running.started.elapsed().as_millis();
        match status {
            WaitStatus::Exited(_, 0) => info!(%rule, pid, milliseconds, status = 0, "hook done"),
            WaitStatus::Exited(_, status) => {
                warn!(%rule, pid, milliseconds, status, "hook failed");
            }
            WaitStatus::Signaled(_, signal, _) => {
                warn!(%rule, pid, milliseconds, signal = %signal, "hook ended by a signal");
            }
            _ => {}
        }
        let is_done = !(self.ending && matches!(status, WaitStatus::Signaled(..)));
        if let Some(hook) = running.hook.filter(|_| is_done) {
            keeper.note(Op::Ended(hook));
        }
        self.queue.finished(&running.lane);
    }

    /// Lets nothing wait any more. What waited stays in the memory, if there is one.
    pub fn drop_waiting(&mut self, keeper: &Keeper) {
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
        for &pid in self.running.keys() {
            // The group is gone when its last process is, which the exit status will tell.
            let _ = killpg(pid, signal);
        }
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
    fn read(&mut self, pid: Pid) -> State {
        let Some(output) = &mut self.output else {
            return State::Ended;
        };
        let state = match output.read() {
            Ok(printed) => {
                self.log(pid, printed.lines);
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
    fn finish_output(&mut self, pid: Pid) {
        if let Some(line) = self.output.take().and_then(|mut output| output.finish()) {
            self.log(pid, vec![line]);
        }
    }

    fn log(&self, pid: Pid, lines: Vec<Line>) {
        let _entered = self.span.enter();
        let rule = &self.lane.0;
        let pid = pid.as_raw();
        for Line { text, cut } in lines {
            match cut {
                false => info!(%rule, pid, line = text, "hook printed"),
                true => info!(%rule, pid, line = text, cut, "hook printed"),
            }
        }
    }
}
