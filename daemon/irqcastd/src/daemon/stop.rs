//! Stopping: running hooks may end by themselves, then they are asked to, then they are made to.

use super::hooks::Hooks;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};
use tracing::{error, warn};

/// How long a hook may take to end after TERM, and the kernel after KILL.
const STEP: Duration = Duration::from_secs(2);

/// How far stopping has come.
pub struct Stopping {
    step: Step,
    deadline: Instant,
}

enum Step {
    /// Hooks may end by themselves.
    Grace,
    /// They got TERM.
    Terminated,
    /// They got KILL.
    Killed,
}

impl Stopping {
    /// Gives hooks `grace` to end by themselves.
    pub fn begin(grace: Duration) -> Self {
        Self {
            step: Step::Grace,
            deadline: Instant::now() + grace,
        }
    }

    /// When the step is over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Goes on before the time: whoever asks twice does not want to wait.
    pub fn hurry(&mut self, hooks: &mut Hooks) {
        if matches!(self.step, Step::Grace) {
            self.next_step(hooks);
        } else {
            self.kill(hooks);
        }
    }

    /// The time is over: takes the next step. Returns whether there is none.
    pub fn next_step(&mut self, hooks: &mut Hooks) -> bool {
        match self.step {
            Step::Grace => {
                warn!(running = hooks.running(), "hooks still run; sending TERM");
                hooks.end_all(Signal::SIGTERM);
                self.step = Step::Terminated;
                self.deadline = Instant::now() + STEP;
                false
            }
            Step::Terminated => {
                self.kill(hooks);
                false
            }
            Step::Killed => {
                error!(
                    running = hooks.running(),
                    "hooks cannot be ended; leaving them"
                );
                true
            }
        }
    }

    fn kill(&mut self, hooks: &mut Hooks) {
        warn!(running = hooks.running(), "hooks still run; sending KILL");
        hooks.end_all(Signal::SIGKILL);
        self.step = Step::Killed;
        self.deadline = Instant::now() + STEP;
    }
}
