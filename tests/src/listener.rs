//! A listener in a process of its own, which can be stopped: it judges what the library tells it.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use irqcast::{Event, Item, Subscription};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::storm;

/// What a listener was told of device 0, whose numbers came without a gap and each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Sequence number of the last event that it was told of.
    pub last: u64,
    /// Events as they came.
    pub received: u64,
    /// Events from the history.
    pub replayed: u64,
    /// Events told as lost.
    pub lost: u64,
    /// Ranges that they were told in.
    pub ranges: u64,
    /// How often its queue was full.
    pub overruns: u64,
}

impl Tally {
    /// Nothing yet, of a device whose first event is `first`.
    pub fn before(first: u64) -> Self {
        Self {
            last: first - 1,
            ..Self::default()
        }
    }

    /// Events that it has.
    pub fn delivered(&self) -> u64 {
        self.received + self.replayed
    }

    /// Takes what was told next, and fails unless it goes on where the last one ended.
    pub fn take(&mut self, item: Item) -> Result<()> {
        let (from, to) = match item {
            Item::Event(event) => {
                self.received += 1;
                judge(&event, false)?
            }
            Item::Replayed(event) => {
                self.replayed += 1;
                judge(&event, true)?
            }
            Item::Lost(lost) => {
                ensure!(lost.device == 0 && lost.from <= lost.to, "{lost:?}");
                self.lost += lost.count();
                self.ranges += 1;
                (lost.from, lost.to)
            }
            Item::Overrun => {
                self.overruns += 1;
                return Ok(());
            }
            Item::Joined { .. } => return Ok(()),
            Item::Left | Item::Malformed(_) => bail!("the listener was told {item:?}"),
        };
        ensure!(
            from == self.last + 1,
            "told of {from} to {to} after {}",
            self.last
        );
        self.last = to;
        Ok(())
    }
}

fn judge(event: &Event, replayed: bool) -> Result<(u64, u64)> {
    ensure!(
        event.device == 0 && event.replayed == replayed && storm::is_ours(event.cause),
        "{event:?}"
    );
    Ok((event.seq, event.seq))
}

/// A listener that runs. Dropping it ends it.
pub struct Listener {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Listener {
    /// Starts a listener whose queue has `queue` bytes, and waits until it listens to a device whose
    /// first event will be `first`.
    pub fn start(queue: usize, first: u64) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["listen", &queue.to_string(), &first.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start a listener")?;
        let mut listener = Self {
            questions: child.stdin.take().context("the listener has no input")?,
            answers: BufReader::new(child.stdout.take().context("the listener has no output")?),
            child,
        };
        let ready = listener.answer()?;
        ensure!(ready == Tally::before(first), "it begins with {ready:?}");
        Ok(listener)
    }

    /// Stops the process (`SIGSTOP`).
    pub fn stop(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on.
    pub fn go_on(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// What it was told once it was told of the event `last`.
    pub fn told_until(&mut self, last: u64) -> Result<Tally> {
        writeln!(self.questions, "{last}").context("the listener has ended")?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Tally> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the listener has ended, see above");
        serde_json::from_str(&line).with_context(|| format!("the listener says {line}"))
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let process = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(process, signal).with_context(|| format!("failed to send {signal}"))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Both fail only where the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process: listens, and answers each number on standard input with a [`Tally`] once it was told
/// of that event. Ends with its input.
pub fn listen(queue: usize, first: u64) -> Result<()> {
    let mut subscription = Subscription::open(queue)?;
    let mut input = BufReader::new(std::io::stdin());
    let mut tally = Tally::before(first);
    let mut wanted = Some(tally.last);
    loop {
        loop {
            if wanted.is_some_and(|wanted| wanted <= tally.last) {
                wanted = None;
                println!("{}", serde_json::to_string(&tally)?);
            }
            match subscription.try_next()? {
                Some(item) => tally.take(item)?,
                None => break,
            }
        }
        let mut fds = [
            PollFd::new(subscription.as_fd(), PollFlags::POLLIN),
            PollFd::new(input.get_ref().as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut fds, PollTimeout::NONE)?;
        if fds[1].any() == Some(true) {
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            wanted = Some(line.trim().parse()?);
        }
    }
}
