//! The hooks that wait and that run.

use crate::config::Limits;
use crate::hook::output::{Line, Output, State};
use crate::hook::spawn::spawn;
use crate::queue::{Lane, Pushed, Queue};
use crate::rule::Rule;
use irqcast::Event;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::Instant;
use tracing::{Span, debug, info, warn};

/// Reads of a hook's output after it has ended. What it started may hold the pipe open and print for
/// ever; this is for what is in the pipe already.
const LAST_READS: usize = 5;

/// An event that waits for a rule's hook.
struct Job {
    rule: Rc<Rule>,
    event: Rc<Event>,
    /// The event's span: what is logged about the hook names its event.
    span: Span,
}

/// A hook that runs.
struct Running {
    lane: Lane,
    span: Span,
    started: Instant,
    /// Gone once the hook has closed it.
    output: Option<Output>,
}

/// The hooks that wait and that run.
pub struct Hooks {
    queue: Queue<Job>,
    running: HashMap<Pid, Running>,
}

impl Hooks {
    /// None.
    pub fn new(limits: &Limits) -> Self {
        Self {
            queue: Queue::new(limits),
            running: HashMap::new(),
        }
    }

    /// Takes over new limits. Events that wait already keep the rule that they matched.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.queue.set_limits(limits);
    }

    /// Lets an event wait for the rule's hook. Called in the event's span.
    pub fn queue(&mut self, rule: &Rc<Rule>, event: &Rc<Event>, span: &Span) {
        let lane = (Rc::from(rule.name.as_str()), event.device);
        let job = Job {
            rule: Rc::clone(rule),
            event: Rc::clone(event),
            span: span.clone(),
        };
        match self.queue.push(&lane, job) {
            Pushed::Queued => {}
            Pushed::FirstDropped => warn!(
                rule = rule.name,
                "too many events wait for this hook; the newest are dropped from here on"
            ),
            Pushed::Dropped => debug!(rule = rule.name, "dropped for this hook"),
        }
    }

    /// Starts the hooks that may run now.
    pub fn start_ready(&mut self) {
        while let Some((lane, job)) = self.queue.start() {
            if let Some(dropped) = self.queue.take_dropped(&lane.0) {
                warn!(rule = %lane.0, dropped, "events were dropped for this hook");
            }
            let entered = job.span.enter();
            match spawn(&job.rule, &job.event) {
                Ok(spawned) => {
                    debug!(
                        rule = job.rule.name,
                        pid = spawned.pid.as_raw(),
                        "hook started"
                    );
                    drop(entered);
                    self.running.insert(
                        spawned.pid,
                        Running {
                            lane,
                            span: job.span,
                            started: Instant::now(),
                            output: Some(Output::new(spawned.output)),
                        },
                    );
                }
                Err(reason) => {
                    warn!(rule = job.rule.name, %reason, "hook not started");
                    self.queue.finished(&lane);
                }
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
    pub fn ended(&mut self, status: WaitStatus) {
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
        self.queue.finished(&running.lane);
    }

    /// Drops the events that wait, and tells of those that were dropped before.
    pub fn drop_waiting(&mut self) {
        for (rule, waiting, dropped) in self.queue.clear() {
            warn!(%rule, waiting, dropped, "events did not get to this hook");
        }
    }

    /// Sends a signal to every running hook and what it has started.
    pub fn signal_all(&self, signal: Signal) {
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
