//! What becomes of a hook that has ended.

use super::{Hooks, note_end};
use crate::daemon::job::Job;
use crate::daemon::keeper::Keeper;
use crate::daemon::running::Running;
use crate::hook::confine::trouble::Trouble;
use crate::hook::spawn::SpawnError;
use crate::metrics::End;
use crate::queue::Turn;
use crate::rule::Rule;
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tracing::{Span, debug, info, warn};

impl Hooks {
    /// A hook's process has changed its state. What the log tells of it waits for [`Self::tell_ended`].
    pub fn ended(&mut self, status: WaitStatus, keeper: &mut Keeper) {
        let Some((pid, end)) = end_of(status) else {
            return;
        };
        let Some(mut running) = self.running.remove(&pid) else {
            debug!(pid = pid.as_raw(), "a child that is no hook ended");
            return;
        };
        running.finish_output(pid, &mut self.counters, &mut self.room);
        let limit = running.limit.take();
        let limit_passed = limit.is_some_and(|id| self.limits.program_ended(id));
        let trouble = running.trouble.take().and_then(Trouble::read);
        let not_run = running.starting.failure();
        let not_run =
            not_run.map(|(action, source)| SpawnError::System { action, source }.to_string());
        let end = with_trouble(end, not_run.or(trouble));
        let Running {
            turn, job, started, ..
        } = running;
        let again_after = again_after(&job, &end);
        let told = Told {
            pid,
            rule: Rc::clone(&job.rule),
            span: job.span.clone(),
            attempt: job.call.attempt,
            end,
            duration: started.elapsed(),
            limit_passed,
            again_after,
        };
        let end = &told.end;
        self.counters.ended(&turn.rule, end, told.duration);
        if let Some(what) = end.failure() {
            self.failures.add(&job, what);
        }
        let now = Instant::now();
        match again_after {
            // Of a stopping daemon it is unfinished, and runs at the next start.
            Some(_) if self.stopping => self.queue.finished(&turn, now),
            Some(after) => self.run_again(&turn, job, now + after, now),
            None => {
                let is_done = !(self.ending && matches!(told.end, End::Signaled(_)));
                if is_done {
                    note_end(&job, keeper);
                }
                self.queue.finished(&turn, now);
            }
        }
        self.ended.push(told);
    }

    /// Tells in the log how hooks have ended.
    pub fn tell_ended(&mut self) {
        self.ended.drain(..).for_each(|told| told.tell());
    }

    fn run_again(&mut self, turn: &Turn, mut job: Job, at: Instant, now: Instant) {
        self.counters.retried(&job.rule.name);
        job.call.attempt += 1;
        self.queue.retry(turn, job, at, now);
    }
}

/// Which child has ended, and how. `None` where none has.
fn end_of(status: WaitStatus) -> Option<(Pid, End)> {
    match status {
        WaitStatus::Exited(pid, status) => Some((pid, End::Exited(status))),
        WaitStatus::Signaled(pid, signal, _) => Some((pid, End::Signaled(signal))),
        _ => None,
    }
}

/// How the hook ended, where its process did so: the status of one that did not run the hook's program is not
/// the hook's.
fn with_trouble(end: End, trouble: Option<String>) -> End {
    match (end, trouble) {
        (End::Exited(_), Some(reason)) => End::NotStarted(reason),
        (end, _) => end,
    }
}

/// How long to wait until a hook that ended so is to run again for the same, if it is.
fn again_after(job: &Job, end: &End) -> Option<Duration> {
    let retry = job.rule.terms.retry.as_ref()?;
    match end {
        End::Exited(status) => retry.after(job.call.attempt, *status),
        End::Signaled(_) | End::NotStarted(_) => None,
    }
}

/// What the log tells of a hook that has ended.
pub struct Told {
    pid: Pid,
    rule: Rc<Rule>,
    span: Span,
    attempt: u32,
    end: End,
    duration: Duration,
    limit_passed: bool,
    again_after: Option<Duration>,
}

impl Told {
    fn tell(self) {
        let _entered = self.span.enter();
        let (rule, pid) = (&self.rule.name, self.pid.as_raw());
        let milliseconds = self.duration.as_millis();
        match (&self.end, self.again_after) {
            (End::NotStarted(reason), _) => warn!(%rule, pid, %reason, "hook not started"),
            (End::Exited(0), _) => info!(%rule, pid, milliseconds, status = 0, "hook done"),
            (End::Exited(status), None) => warn!(%rule, pid, milliseconds, status, "hook failed"),
            (End::Exited(status), Some(after)) => warn!(
                %rule, pid, milliseconds, status, attempt = self.attempt, ?after,
                "hook failed, and runs again"
            ),
            (End::Signaled(signal), _) => {
                let limit_passed = self.limit_passed;
                warn!(%rule, pid, milliseconds, %signal, limit_passed, "hook ended by a signal");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::Signal;

    #[test]
    fn trouble_of_the_second_stage_is_no_exit_status() {
        let reason = || Some("failed to become nobody".to_owned());
        let not_started = End::NotStarted("failed to become nobody".to_owned());
        let killed = End::Signaled(Signal::SIGKILL);
        for (end, trouble, expected) in [
            (End::Exited(1), reason(), &not_started),
            (End::Exited(1), None, &End::Exited(1)),
            (killed.clone(), reason(), &killed),
        ] {
            assert_eq!(with_trouble(end, trouble), *expected);
        }
    }
}
