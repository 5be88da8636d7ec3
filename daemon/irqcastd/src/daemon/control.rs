//! Answers what is asked over the control socket.

use super::job::Job;
use super::{Daemon, Failure};
use crate::config::{Config, ConfigError};
use crate::control::access::{Access, Right};
use crate::control::server::Asked;
use crate::hook::call::Call;
use crate::hook::occasion::Occasion;
use irqcast_control::{
    Answer, Counters, Occurrence, Problem, Refusal, RefusalKind, Request, Status,
};
use nix::unistd::geteuid;
use std::rc::Rc;
use tracing::{debug, info_span};

/// Requests that are answered before other wake-ups get their turn.
const BATCH: usize = 32;

impl Daemon {
    /// Who may do what, as the configuration says.
    pub(super) fn access(config: &Config) -> Access {
        Access {
            owner: geteuid().as_raw(),
            readers: config.control.readers.clone(),
        }
    }

    /// The next request that is to be answered now. A trace's event waits while too many hooks do, as a
    /// device's would.
    pub(super) fn next_request(&mut self) -> Option<Asked> {
        let holds_back = self.hooks.hold_back() && self.stopping.is_none();
        let may_wait = |request: &Request| holds_back && matches!(request, Request::Replay(_));
        self.control.as_ref()?.next_request(may_wait)
    }

    /// Answers what has been asked, up to a bound.
    pub(super) fn serve(&mut self) {
        for _ in 0..BATCH {
            let Some((id, right, request)) = self.next_request() else {
                return;
            };
            let answer = match request {
                Ok(request) => self.answer(request, right),
                Err(reason) => {
                    Answer::Refused(Refusal::new(RefusalKind::BadRequest, reason.to_string()))
                }
            };
            if let Some(server) = &mut self.control {
                server.answer(id, &answer);
            }
        }
    }

    fn answer(&mut self, request: Request, right: Right) -> Answer {
        if request.acts() && right < Right::Act {
            let access = Self::access(&self.config);
            return Answer::Refused(access.refuse_acting());
        }
        match request {
            Request::Status => Answer::Status(Box::new(self.status())),
            Request::Metrics => Answer::Metrics {
                text: self.render_metrics(),
            },
            Request::Reload => self.answer_reload(),
            Request::Explain(occurrence) => Answer::Explained(self.config.explain(&occurrence)),
            Request::Replay(occurrence) => self.replay(occurrence),
        }
    }

    fn answer_reload(&mut self) -> Answer {
        match self.reload() {
            Ok(()) => Answer::Reloaded {
                file: self.file.display().to_string(),
                rules: self.config.rules.len(),
            },
            Err(error) => Answer::Refused(wrong_configuration(&error)),
        }
    }

    /// Lets the hooks of the rules that match wait for their turn. The memory knows nothing of it.
    fn replay(&mut self, occurrence: Occurrence) -> Answer {
        if self.stopping.is_some() {
            return Answer::Refused(Refusal::new(
                RefusalKind::Stopping,
                "the daemon is about to end; start it again and replay what is left",
            ));
        }
        let rules = self.config.rules.iter();
        let rules: Vec<_> = rules
            .filter(|rule| rule.matches.is_met_by_occurrence(&occurrence))
            .map(Rc::clone)
            .collect();
        let names = rules.iter().map(|rule| rule.name.clone()).collect();
        let occasion = Rc::new(match occurrence {
            Occurrence::Event(event) => Occasion::Event(event),
            Occurrence::Loss { lost, address } => Occasion::Loss { lost, address },
        });
        let (device, seq) = (occasion.device(), occasion.number());
        let span = info_span!("trace", device, seq);
        self.events.traced += 1;
        debug!(parent: &span, rules = rules.len(), "of a trace");
        for rule in rules {
            let call = Call {
                trace: true,
                ..Call::new(&rule, &occasion, false)
            };
            let span = span.clone();
            self.hooks.queue(Job { rule, call, span }, &mut self.keeper);
        }
        Answer::Replayed { rules: names }
    }

    fn status(&self) -> Status {
        let counters: Counters = self
            .events
            .all()
            .iter()
            .map(|&(name, _, value)| (name.to_owned(), value))
            .collect();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_ms: super::milliseconds(self.started.elapsed()),
            joined: self.subscription.joined().is_some(),
            holding_back: self.hooks.holds_back(),
            stopping: self.stopping.is_some(),
            dry_run: self.hooks.dry_run(),
            config: self.file.display().to_string(),
            rules: self.config.rules.len(),
            queues: self.hooks.queues(),
            running: self.hooks.running_now(),
            counters,
            failures: self.hooks.failures(),
        }
    }

    /// Who may ask is what the configuration says now.
    pub(super) fn renew_access(&mut self) {
        let access = Self::access(&self.config);
        if let Some(server) = &mut self.control {
            server.set_access(access);
        }
    }
}

fn wrong_configuration(failure: &Failure) -> Refusal {
    let (message, problems) = match failure {
        Failure::Config(ConfigError::Wrong { file, problems }) => {
            let problems = problems.iter().map(|problem| Problem {
                line: problem.line,
                column: problem.column,
                message: problem.to_string(),
            });
            let message = format!(
                "{} is wrong, and the daemon keeps the configuration that it has",
                file.display()
            );
            (message, problems.collect())
        }
        other => (other.to_string(), Vec::new()),
    };
    let mut refusal = Refusal::new(RefusalKind::WrongConfiguration, message);
    refusal.problems = problems;
    refusal
}
