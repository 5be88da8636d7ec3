//! A guest in which the daemon runs and hooks speak, and what is heard of both.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use irqcast_link::{ExecId, Exit};
use nix::libc;

use super::{
    LIMIT,
    act::{Act, Counters, Told},
    screen::{Said, Screen},
};
use crate::vm::{Completed, Happening, Invocation, Vm};

/// Opens the FIFO through which the hooks speak, for reading and writing, so that it never
/// ends, and prints what comes after a line that says so.
const LISTEN: &str = "mkfifo /run/irqcast-demo && echo listening && exec cat 0<>/run/irqcast-demo";

/// How long the daemon may take to say how a hook ended.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// A guest in which the daemon runs.
pub(super) struct Stage {
    pub(super) vm: Vm,
    daemon: ExecId,
    hooks: ExecId,
    pub(super) daemon_lines: Lines,
    hook_lines: Lines,
}

/// Whole lines of what a command prints, with the time at which they came.
#[derive(Default)]
pub(super) struct Lines {
    unfinished: Vec<u8>,
    pub(super) finished: VecDeque<(Instant, String)>,
}

impl Lines {
    fn extend(&mut self, at: Instant, data: &[u8]) {
        for &byte in data {
            if byte == b'\n' {
                let line = String::from_utf8_lossy(&self.unfinished).into_owned();
                self.unfinished.clear();
                self.finished.push_back((at, line));
            } else {
                self.unfinished.push(byte);
            }
        }
    }

    fn next(&mut self) -> Option<(Instant, String)> {
        self.finished.pop_front()
    }
}

impl Stage {
    /// Starts the daemon and waits until it says that it is ready.
    pub(super) fn set(mut vm: Vm, daemon: &[&str], says: &str) -> anyhow::Result<Self> {
        let hooks = vm.start(Invocation::new(["sh", "-c", LISTEN]))?;
        let daemon = vm.start(Invocation::new(daemon.iter().copied()))?;
        let mut stage = Self {
            vm,
            daemon,
            hooks,
            daemon_lines: Lines::default(),
            hook_lines: Lines::default(),
        };
        let deadline = Instant::now() + LIMIT;
        let mut log = String::new();
        let mut listening = false;
        let mut ready = false;
        while !(listening && ready) {
            let happening = stage.vm.next(Some(deadline))?;
            if matches!(happening, Happening::Deadline) {
                bail!(
                    "the daemon did not get ready within {} s:\n{log}",
                    LIMIT.as_secs()
                );
            }
            let noted = stage.note(Instant::now(), happening);
            noted.with_context(|| format!("the daemon did not get ready:\n{log}"))?;
            while let Some((_, line)) = stage.daemon_lines.next() {
                log.push_str(&line);
                log.push('\n');
                ready |= line.contains(says);
            }
            listening |= stage.hook_lines.next().is_some();
        }
        Ok(stage)
    }

    /// Takes notice of what daemon and hooks print, and of an end that should not be.
    pub(super) fn note(&mut self, at: Instant, happening: Happening) -> anyhow::Result<()> {
        match happening {
            Happening::Output { id, data, .. } if id == self.daemon => {
                self.daemon_lines.extend(at, &data);
            }
            Happening::Output { id, data, .. } if id == self.hooks => {
                self.hook_lines.extend(at, &data)
            }
            Happening::Exited { id, exit } if id == self.daemon => {
                let lines = self.daemon_lines.finished.iter();
                let log: Vec<&str> = lines.map(|(_, line)| line.as_str()).collect();
                bail!(
                    "the daemon ended ({exit}); the end of its log:\n{}",
                    log.join("\n")
                );
            }
            Happening::NotStarted { message, .. } => bail!("the guest says: {message}"),
            _ => {}
        }
        Ok(())
    }

    /// Makes the device interrupt once and follows the event. The inner error says what did
    /// not happen.
    pub(super) fn play(
        &mut self,
        act: &Act,
        screen: &Screen,
    ) -> anyhow::Result<Result<(), String>> {
        let before = self.counters()?;
        let start = Instant::now();
        let request = self.request(act)?;
        let mut said = vec![(Instant::now(), "listener", request)];
        let deadline = start + LIMIT;
        let (told_at, told) = loop {
            if let Some((at, line)) = self.hook_lines.next() {
                break (at, Told::parse(&line)?);
            }
            match self.vm.next(Some(deadline))? {
                Happening::Deadline => {
                    let problem = format!("no hook ran within {} s", LIMIT.as_secs());
                    screen.said(start, self.daemon_says(said));
                    return Ok(Err(problem));
                }
                happening => self.note(Instant::now(), happening)?,
            }
        };
        said.push((told_at, "hook", told.hook_text()));
        // The daemon has more to say once the hook has ended.
        self.listen_for(AFTERWARDS)?;
        let after = self.counters()?;
        screen.fact("handler", &told.event_text());
        screen.fact("netlink", &after.since(&before));
        screen.said(start, self.daemon_says(said));
        Ok(told.judge(act))
    }

    /// Adds what the daemon has said, without the date that stands before each line.
    pub(super) fn daemon_says(&mut self, mut said: Vec<Said>) -> Vec<Said> {
        said.extend(
            std::iter::from_fn(|| self.daemon_lines.next()).map(|(at, line)| {
                let text = line
                    .split_once(' ')
                    .map_or(line.as_str(), |(_, text)| text.trim_start());
                (at, "daemon", text.to_owned())
            }),
        );
        said
    }

    fn request(&mut self, act: &Act) -> anyhow::Result<String> {
        let completed = self.ctl(act.command)?;
        if !completed.exit.success() {
            bail!(
                "`{}` failed ({}): {}",
                act.line(),
                completed.exit,
                completed.text().trim()
            );
        }
        Ok(completed.text())
    }

    fn counters(&mut self) -> anyhow::Result<Counters> {
        let text = self.ctl(&["--json", "list"])?.text();
        serde_json::from_str(text.lines().next().unwrap_or_default())
            .with_context(|| format!("`irqcastctl --json list` printed: {text}"))
    }

    /// Runs `irqcastctl`.
    fn ctl(&mut self, arguments: &[&str]) -> anyhow::Result<Completed> {
        self.command(&[&["irqcastctl"], arguments].concat())
    }

    /// Runs a command, and hears what daemon and hooks say meanwhile.
    pub(super) fn command(&mut self, command: &[&str]) -> anyhow::Result<Completed> {
        let command = command.iter().copied();
        let mut meanwhile = Vec::new();
        let completed = self.vm.run(Invocation::new(command), LIMIT, |happening| {
            meanwhile.push((Instant::now(), happening));
        })?;
        for (at, happening) in meanwhile {
            self.note(at, happening)?;
        }
        Ok(completed)
    }

    /// Hears what daemon and hooks say, for a while.
    pub(super) fn listen_for(&mut self, time: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + time;
        loop {
            match self.vm.next(Some(deadline))? {
                Happening::Deadline => return Ok(()),
                happening => self.note(Instant::now(), happening)?,
            }
        }
    }

    /// Stops the daemon, which must end well.
    pub(super) fn clear(mut self) -> anyhow::Result<Vm> {
        self.vm.signal(self.daemon, libc::SIGTERM)?;
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.vm.next(Some(deadline))? {
                Happening::Exited { id, exit } if id == self.daemon => {
                    if exit != Exit::Status(0) {
                        bail!("the daemon ended badly on SIGTERM: {exit}");
                    }
                    return Ok(self.vm);
                }
                Happening::Deadline => bail!("the daemon does not end on SIGTERM"),
                happening => self.note(Instant::now(), happening)?,
            }
        }
    }
}
