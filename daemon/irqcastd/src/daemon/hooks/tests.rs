//! Hooks as processes: what ends them, and what harms no other.

use super::*;
use crate::daemon::keeper::StateFolder;
use crate::hook::call::Call;
use crate::hook::occasion::Occasion;
use crate::hook::quota::LINES_PER_SECOND;
use crate::rule::{Match, Program, Rule, Terms};
use irqcast::Event;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;
use tracing::Span;

/// How long anything may take; only what hangs reaches it.
const LIMIT: Duration = Duration::from_secs(30);

/// Hooks, and the folder that they leave files in.
struct Bench {
    folder: TempDir,
    keeper: Keeper,
    hooks: Hooks,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let state = StateFolder {
            path: folder.path().join("state"),
            asked_for: true,
        };
        let (keeper, _) = Keeper::start(&state).unwrap_or_else(|error| panic!("{error}"));
        Self {
            folder,
            keeper,
            hooks: Hooks::new(&Limits::default(), false),
        }
    }

    /// What was counted of a rule.
    fn counted(&self, name: &str) -> metrics::Rule {
        let mut rules = self.hooks.counters().rules();
        let found = rules.find(|(rule, _)| ***rule == *name);
        found
            .map(|(_, counted)| counted.clone())
            .unwrap_or_default()
    }

    /// A rule that runs a shell script in the folder, which is its first argument.
    fn rule(&self, name: &str, script: &str) -> Rule {
        let folder = self.folder.path().to_str().unwrap();
        let script = format!("cd {folder} || exit 1; {script}");
        Rule {
            name: name.to_owned(),
            matches: Match::default(),
            program: Program::literal(&["/bin/sh", "-c", &script]),
            terms: Terms::default(),
        }
    }

    /// Queues the rule's hook for an event of device 0.
    fn event(&mut self, rule: &Rc<Rule>, seq: u64) {
        let event = Event {
            device: 0,
            incarnation: 1,
            address: "0000:00:02.0".to_owned(),
            seq,
            time_ns: 1,
            cause: 2,
            factorial: None,
            dma_bytes: None,
            replayed: false,
        };
        let occasion = Rc::new(Occasion::Event(event));
        let job = Job {
            rule: Rc::clone(rule),
            call: Call::new(rule, &occasion, false),
            span: Span::none(),
        };
        let waits = self.hooks.queue(job, &mut self.keeper);
        let rules = waits.then(|| rule.name.clone());
        self.keeper.note(Op::Took {
            life: (0, 1),
            address: "0000:00:02.0".to_owned(),
            seq,
            rules: rules.into_iter().collect(),
        });
    }

    /// Lets hooks run until `is_done`.
    fn run_until(&mut self, is_done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LIMIT;
        while !is_done(self) {
            assert!(Instant::now() < end, "it hangs");
            self.hooks.start_ready(&mut self.keeper);
            let pids: Vec<Pid> = self.hooks.running.keys().copied().collect();
            for pid in pids {
                match waitpid(pid, Some(WaitPidFlag::WNOHANG)).unwrap() {
                    WaitStatus::StillAlive => self.hooks.read_output(pid),
                    status => self.hooks.ended(status, &mut self.keeper),
                }
            }
            if self.hooks.deadline().is_some_and(|at| at <= Instant::now()) {
                self.hooks.keep_time();
            }
            sleep(Duration::from_millis(2));
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Lines of a file, none where it is not there.
    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// A process ID that a hook has left in a file.
    fn pid(&self, name: &str) -> Pid {
        let text = fs::read_to_string(self.path(name)).unwrap();
        Pid::from_raw(text.trim().parse().unwrap())
    }

    /// Events of device 0 whose hooks have not ended.
    fn unfinished(&self) -> Vec<(u64, u64)> {
        let (going_on, _) = self.keeper.memory().unfinished();
        going_on
            .iter()
            .map(|range| (range.from, range.to))
            .collect()
    }
}

/// Whether the process is gone, or is a zombie that its parent has not waited for.
fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    kill(pid, None) == Err(Errno::ESRCH) || stat.is_ok_and(|stat| stat.contains(") Z "))
}

/// The rule with a limit and a grace in milliseconds.
fn limited(mut rule: Rule, limit: u64, grace: u64) -> Rc<Rule> {
    rule.program.time_limit = Some(Duration::from_millis(limit));
    rule.program.grace = Duration::from_millis(grace);
    Rc::new(rule)
}

mod terms;

#[test]
fn hook_at_its_limit_gets_term_and_the_next_one_runs() {
    let mut bench = Bench::new();
    let rule = bench.rule(
        "hangs",
        "touch ran.$IRQCAST_SEQ; [ $IRQCAST_SEQ = 2 ] || exec sleep 1000",
    );
    // With such a grace it was TERM that ended it.
    let rule = limited(rule, 500, 3_600_000);
    bench.event(&rule, 1);
    bench.event(&rule, 2);
    bench.run_until(|bench| bench.hooks.none_runs() && bench.has("ran.2"));
    assert_eq!(bench.counted("hangs").time_limits, 1);
    assert_eq!(bench.hooks.deadline(), None, "nothing is left to do");
    assert_eq!(bench.unfinished(), []);
}

#[test]
fn hook_that_ignores_term_is_killed_with_what_it_started() {
    let mut bench = Bench::new();
    let script = "trap '' TERM; sleep 1000 & echo $! > child; \
                  while :; do sleep 1000; done";
    // So long that it ignores TERM by then.
    let rule = limited(bench.rule("ignores", script), 3_000, 50);
    bench.event(&rule, 1);
    bench.run_until(|bench| bench.hooks.running() == 1);
    bench.run_until(|bench| bench.hooks.none_runs());
    let child = bench.pid("child");
    bench.run_until(|_| is_gone(child));
    assert_eq!(bench.hooks.deadline(), None);
}

#[test]
fn what_a_hook_leaves_in_its_group_is_ended_at_the_limit() {
    let mut bench = Bench::new();
    let script = "sh -c 'trap \"\" TERM; while :; do sleep 1000; done' & echo $! > child";
    let rule = limited(bench.rule("leaves", script), 2_000, 50);
    bench.event(&rule, 1);
    bench.event(&rule, 2);
    bench.run_until(|bench| bench.unfinished().is_empty() && bench.hooks.none_runs());
    let child = bench.pid("child");
    bench.run_until(|bench| is_gone(child) && bench.hooks.deadline().is_none());
}

#[test]
fn limit_of_one_rule_disturbs_no_other() {
    let mut bench = Bench::new();
    let hangs = limited(bench.rule("hangs", "exec sleep 1000"), 50, 50);
    let mut free = bench.rule("free", "sleep 0.5; touch done");
    free.program.time_limit = None;
    bench.event(&Rc::new(free), 1);
    bench.event(&hangs, 1);
    bench.run_until(|bench| bench.has("done") && bench.hooks.none_runs());
    assert_eq!(bench.counted("hangs").time_limits, 1);
    assert_eq!(bench.counted("free").time_limits, 0);
}

#[test]
fn hook_that_floods_its_output_is_logged_in_part() {
    const LINES: u64 = 100_000;
    let mut bench = Bench::new();
    let rule = Rc::new(bench.rule("floods", &format!("seq {LINES}")));
    bench.event(&rule, 1);
    bench.run_until(|bench| bench.unfinished().is_empty() && bench.hooks.none_runs());
    let left_out = bench.counted("floods").lines_left_out;
    let logged = LINES - left_out;
    assert!(
        logged >= LINES_PER_SECOND.into() && left_out > 0,
        "{logged} lines were logged"
    );
}
