//! A hook that runs, and what it prints.

use super::job::Job;
use super::time_limits::LimitId;
use crate::hook::child::Starting;
use crate::hook::confine::trouble::Trouble;
use crate::hook::group::Group;
use crate::hook::output::{Line, Output, Room, State};
use crate::hook::quota::Quota;
use crate::metrics;
use crate::queue::Turn;
use nix::unistd::Pid;
use std::rc::Rc;
use std::time::Instant;
use tracing::{info, warn};

/// Reads of a hook's output after it has ended. What it started may hold the pipe open and print for
/// ever; this is for what is in the pipe already.
const LAST_READS: usize = 5;

/// A hook that runs.
pub struct Running {
    /// Its place in the queue.
    pub turn: Turn,
    /// What it runs for.
    pub job: Job,
    /// When it was started.
    pub started: Instant,
    /// Its process and what that has started.
    pub group: Rc<Group>,
    /// What its process uses until its program runs.
    pub starting: Starting,
    /// Its time limit, if it has one.
    pub limit: Option<LimitId>,
    /// What it prints; gone once the hook has closed it.
    pub output: Option<Output>,
    /// How much of that is logged.
    pub quota: Quota,
    /// Where its second stage tells that it failed, if it has one.
    pub trouble: Option<Trouble>,
}

impl Running {
    /// Logs what has been printed, up to a bound.
    pub fn read(&mut self, pid: Pid, counters: &mut metrics::Hooks, room: &mut Room) -> State {
        let Some(output) = &mut self.output else {
            return State::Ended;
        };
        let state = match output.read(room) {
            Ok(printed) => {
                self.log(pid, printed.lines, counters);
                printed.state
            }
            Err(reason) => {
                let rule = &self.turn.rule;
                warn!(%rule, pid = pid.as_raw(), %reason, "failed to read what a hook prints");
                State::Ended
            }
        };
        if state == State::Ended {
            self.output = None;
        }
        state
    }

    /// Logs the rest of what was printed, and closes the pipe.
    pub fn finish_output(&mut self, pid: Pid, counters: &mut metrics::Hooks, room: &mut Room) {
        self.output.iter_mut().for_each(Output::hook_ended);
        for _ in 0..LAST_READS {
            if self.read(pid, counters, room) != State::More {
                break;
            }
        }
        // The last line may not end in a newline.
        if let Some(line) = self.output.take().and_then(|mut output| output.finish()) {
            self.log(pid, vec![line], counters);
        }
        let left_out = self.quota.rest();
        let _entered = self.job.span.enter();
        tell_left_out(&self.turn.rule, pid, left_out, counters);
    }

    fn log(&mut self, pid: Pid, lines: Vec<Line>, counters: &mut metrics::Hooks) {
        let _entered = self.job.span.enter();
        let rule = &self.turn.rule;
        for Line { text, cut } in lines {
            let taken = self.quota.take(Instant::now());
            tell_left_out(rule, pid, taken.left_out, counters);
            let pid = pid.as_raw();
            match cut {
                _ if !taken.is_logged => {}
                false => info!(%rule, pid, line = text, "hook printed"),
                true => {
                    info!(%rule, pid, line = text, cut, "hook printed");
                    counters.line_cut(rule);
                }
            }
        }
    }
}

fn tell_left_out(rule: &str, pid: Pid, left_out: u64, counters: &mut metrics::Hooks) {
    if left_out > 0 {
        let pid = pid.as_raw();
        warn!(
            rule,
            pid, left_out, "the hook prints too fast; lines of it are left out"
        );
        counters.lines_left_out(rule, left_out);
    }
}
