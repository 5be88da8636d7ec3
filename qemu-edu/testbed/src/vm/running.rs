//! A guest that runs: commands go in, what happens comes out, and its end is noticed.

use std::{
    fs::File,
    io::Write as _,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use irqcast_link::{ExecId, Exit, TerminalSize, ToGuest, ToHost, VERSION};
use nix::sys::signal::Signal;
use serde_json::json;

use super::{
    accelerator::Accelerator,
    command::Invocation,
    console::{Console, Finding},
    disk::Disk,
    link::{Event, Link, Stream},
    logs::Logs,
    lost::{Lost, Reason},
    machine::Machine,
    memory_file, qemu,
    qmp::Qmp,
};
use crate::{
    cli::Guest,
    prepared::Prepared,
    process::{self, Child},
};

/// How long a kernel may take from QEMU's start until PID 1 says hello. The slowest one
/// known, with KASAN and lockdep and without KVM, takes 20 s, and 320 s on a machine that has
/// six times as much to do as it has processors.
const BOOT_LIMIT: Duration = Duration::from_secs(600);

/// After this time without a frame, the guest is asked for a sign of life.
const PING_AFTER: Duration = Duration::from_secs(10);

/// A guest that does not answer for this long is lost. The kernel's own watchdogs, which
/// can say more, speak after 21 s.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

/// How long the kernel gets to finish its last words after a panic.
const PANIC_GRACE: Duration = Duration::from_secs(10);

/// How long the guest may take to power off, and one in which systemd stops its services first.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(15);
const SHUT_DOWN_LIMIT: Duration = Duration::from_secs(120);

/// How long a stuck kernel gets for each answer to what it is doing.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// Events that may wait. More make the guest wait, so that its output is never collected
/// in memory without bound.
const QUEUE: usize = 64;

/// What happens while a guest runs.
#[derive(Debug)]
pub enum Happening {
    /// A command writes.
    Output {
        /// Which command.
        id: ExecId,
        /// Where to.
        stream: Stream,
        /// What.
        data: Vec<u8>,
    },
    /// A command has taken this many bytes of its input.
    StdinTaken {
        /// Which command.
        id: ExecId,
        /// How many.
        bytes: usize,
    },
    /// A command could not be started.
    NotStarted {
        /// Which command.
        id: ExecId,
        /// Why.
        message: String,
    },
    /// A command has ended; all of its output came before.
    Exited {
        /// Which command.
        id: ExecId,
        /// How.
        exit: Exit,
    },
    /// There is input for a command; empty at its end.
    Input(Vec<u8>),
    /// The person's terminal has another size.
    Resized,
    /// The time that the caller gave is over.
    Deadline,
}

/// A guest that runs. It ends when this value is dropped.
pub struct Vm {
    child: Child,
    stderr: File,
    pub(super) qmp: Qmp,
    link: Link,
    /// `None` once nothing is expected any more.
    events: Option<Receiver<Event>>,
    sender: SyncSender<Event>,
    console: Option<Console>,
    keyboard: UnixStream,
    log: PathBuf,
    started: Instant,
    release: String,
    next_id: ExecId,
    last_sign: Instant,
    pinged: Option<Instant>,
    power_off_limit: Duration,
}

impl Vm {
    /// Starts a guest and waits until it takes commands.
    ///
    /// # Errors
    ///
    /// A [`Lost`] when the guest does not get that far, an [`process::Interrupted`] after
    /// Ctrl-C, or whatever keeps QEMU from starting.
    pub fn boot(
        machine: &Machine,
        prepared: &Prepared,
        initramfs: &File,
        disk: Option<&Disk>,
        logs: &Logs,
        name: &str,
    ) -> anyhow::Result<Self> {
        let (log, files) = logs.start(name)?;
        let (sender, events) = sync_channel(QUEUE);
        let started = Instant::now();
        let qemu = qemu::start(machine, Accelerator::detect(), prepared, initramfs, disk)?;
        let keyboard = qemu
            .console
            .try_clone()
            .context("failed to open the console twice")?;
        let mut vm = Self {
            child: qemu.child,
            stderr: qemu.stderr,
            qmp: Qmp::new(qemu.qmp)?,
            link: Link::start(qemu.link, sender.clone())?,
            events: Some(events),
            console: Some(Console::start(qemu.console, files, sender.clone())?),
            sender,
            keyboard,
            log,
            started,
            release: String::new(),
            next_id: 1,
            last_sign: started,
            pinged: None,
            power_off_limit: match machine.guest {
                Guest::Minimal => POWER_OFF_LIMIT,
                Guest::Debian => SHUT_DOWN_LIMIT,
            },
        };
        vm.wait_for_hello()?;
        Ok(vm)
    }

    /// When QEMU was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// What `uname -r` prints in the guest.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The kernel's log.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// A way to wake up [`Vm::next`] with input or a new size of the terminal.
    pub fn waker(&self) -> SyncSender<Event> {
        self.sender.clone()
    }

    /// Starts a command. Its output, and its end, come from [`Vm::next`].
    pub fn start(&mut self, invocation: Invocation) -> anyhow::Result<ExecId> {
        let id = self.next_id;
        self.next_id += 1;
        self.link.send(&invocation.into_frame(id))?;
        Ok(id)
    }

    /// Sends a command input, at most [`irqcast_link::DATA`] bytes, and no more than
    /// [`irqcast_link::STDIN_WINDOW`] that it has not taken.
    pub fn send_input(&mut self, id: ExecId, data: Vec<u8>) -> anyhow::Result<()> {
        self.link.send(&ToGuest::Stdin { id, data })
    }

    /// Tells a command that its input is at its end.
    pub fn end_input(&mut self, id: ExecId) -> anyhow::Result<()> {
        self.link.send(&ToGuest::StdinClosed { id })
    }

    /// Changes the size of a command's terminal.
    pub fn resize(&mut self, id: ExecId, size: TerminalSize) -> anyhow::Result<()> {
        self.link.send(&ToGuest::Resize { id, size })
    }

    /// Sends a signal to a command's process group.
    pub fn signal(&mut self, id: ExecId, signal: i32) -> anyhow::Result<()> {
        self.link.send(&ToGuest::Signal { id, signal })
    }

    /// Kills every process in the guest but PID 1.
    pub fn kill_all(&mut self) -> anyhow::Result<()> {
        self.link.send(&ToGuest::KillAll)
    }

    /// Waits for what happens next, until `deadline` if there is one.
    ///
    /// # Errors
    ///
    /// [`Lost`] or [`process::Interrupted`]. The guest is gone then.
    pub fn next(&mut self, deadline: Option<Instant>) -> anyhow::Result<Happening> {
        loop {
            process::check()?;
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Happening::Deadline);
            }
            let check = self.next_check();
            let until = deadline.map_or(check, |deadline| deadline.min(check));
            let events = self.events.as_ref().context("the guest has ended")?;
            match events.recv_timeout(until.saturating_duration_since(now)) {
                Ok(event) => {
                    if let Some(happening) = self.take(event)? {
                        return Ok(happening);
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.look_for_signs()?,
                // Impossible while `self.sender` exists; if not, the guest is gone, too.
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    /// Ends the guest because it is of no more use, and says why.
    pub fn lose(&mut self, reason: Reason) -> anyhow::Error {
        match reason {
            Reason::Panic(_) => self.wait_for_end(PANIC_GRACE),
            Reason::Stuck(_) | Reason::Silent(_) | Reason::TimeLimit(_) => self.ask_what_it_does(),
            _ => {}
        }
        self.finish(Some(reason))
    }

    /// Ends the guest as if its power was cut: nothing in it has time for anything.
    pub fn cut_power(&self) {
        self.child.signal(Signal::SIGKILL);
    }

    /// Lets the guest power off, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Lost`] if it panics on the way or does not end.
    pub fn power_off(mut self) -> anyhow::Result<()> {
        self.link.send(&ToGuest::PowerOff)?;
        let limit = self.power_off_limit;
        let deadline = Instant::now() + limit;
        loop {
            match self.next(Some(deadline)) {
                Ok(Happening::Deadline) => {
                    return Err(self.lose(Reason::TimeLimit(limit)));
                }
                Ok(_) => {}
                Err(error) => {
                    return match error.downcast_ref::<Lost>() {
                        Some(lost) if lost.reason == Reason::PoweredOff(None) => Ok(()),
                        _ => Err(error),
                    };
                }
            }
        }
    }

    fn wait_for_hello(&mut self) -> anyhow::Result<()> {
        let deadline = self.started + BOOT_LIMIT;
        loop {
            process::check()?;
            let events = self.events.as_ref().context("the guest has ended")?;
            match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Frame(ToHost::Hello {
                    version: VERSION,
                    release,
                })) => {
                    self.release = release;
                    self.last_sign = Instant::now();
                    return Ok(());
                }
                Ok(Event::Frame(ToHost::Hello { version, .. })) => {
                    let error = format!("version {version} of the link instead of {VERSION}");
                    return Err(self.lose(Reason::Protocol(error)));
                }
                Ok(event) => drop(self.take(event)?),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.lose(Reason::TimeLimit(BOOT_LIMIT)));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    fn take(&mut self, event: Event) -> anyhow::Result<Option<Happening>> {
        match event {
            Event::Frame(frame) => {
                self.last_sign = Instant::now();
                self.pinged = None;
                match frame {
                    ToHost::Hello { .. } => {
                        let error = "a second hello".to_owned();
                        Err(self.lose(Reason::Protocol(error)))
                    }
                    ToHost::Started { .. } | ToHost::Pong => Ok(None),
                    ToHost::NotStarted { id, message } => {
                        Ok(Some(Happening::NotStarted { id, message }))
                    }
                    ToHost::Stdout { id, data } => {
                        let stream = Stream::Stdout;
                        Ok(Some(Happening::Output { id, stream, data }))
                    }
                    ToHost::Stderr { id, data } => {
                        let stream = Stream::Stderr;
                        Ok(Some(Happening::Output { id, stream, data }))
                    }
                    ToHost::StdinTaken { id, bytes } => {
                        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                        Ok(Some(Happening::StdinTaken { id, bytes }))
                    }
                    ToHost::Exited { id, exit } => Ok(Some(Happening::Exited { id, exit })),
                }
            }
            Event::Garbage(error) => Err(self.lose(Reason::Protocol(error))),
            Event::LinkClosed => Err(self.ended()),
            Event::Console(Finding::Panic(line)) => Err(self.lose(Reason::Panic(line))),
            Event::Console(Finding::Stuck(line)) => Err(self.lose(Reason::Stuck(line))),
            // It powers off now.
            Event::Console(Finding::Init(_)) => Ok(None),
            Event::Input(data) => Ok(Some(Happening::Input(data))),
            Event::Resized => Ok(Some(Happening::Resized)),
        }
    }

    /// When to look for signs of life next.
    fn next_check(&self) -> Instant {
        match self.pinged {
            Some(pinged) => pinged + SILENCE_LIMIT,
            None => self.last_sign + PING_AFTER,
        }
    }

    fn look_for_signs(&mut self) -> anyhow::Result<()> {
        if Instant::now() < self.next_check() {
            return Ok(());
        }
        match self.pinged {
            Some(_) => Err(self.lose(Reason::Silent(SILENCE_LIMIT))),
            None => {
                self.pinged = Some(Instant::now());
                self.link.send(&ToGuest::Ping)
            }
        }
    }

    /// Lets the kernel print to its log what the processors do and which tasks wait
    /// (Documentation/admin-guide/sysrq.rst). A kernel that is too stuck stays silent.
    fn ask_what_it_does(&mut self) {
        for key in [b'l', b'w'] {
            let asked = self
                .qmp
                .execute("chardev-send-break", json!({ "id": "console" }));
            if asked.is_err() || self.keyboard.write_all(&[key]).is_err() {
                return;
            }
            self.wait_for_end(ANSWER_TIME);
        }
    }

    /// Waits until QEMU has closed the link, but not longer than `limit`.
    fn wait_for_end(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let Some(events) = &self.events else { return };
        loop {
            match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::LinkClosed) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// QEMU has closed the link: finds out why.
    fn ended(&mut self) -> anyhow::Error {
        match process::check() {
            Err(interrupted) => interrupted.into(),
            Ok(()) => self.finish(None),
        }
    }

    /// Ends QEMU if it runs, and collects what is left of it.
    fn finish(&mut self, reason: Option<Reason>) -> anyhow::Error {
        // Threads that have something to say must not wait for a listener any more.
        self.events = None;
        if reason.is_some() {
            self.child.signal(nix::sys::signal::Signal::SIGKILL);
        }
        let status = match self.child.wait() {
            Ok(status) => status,
            Err(error) => return error,
        };
        let ending = self.console.take().map(Console::finish).unwrap_or_default();
        let reason = reason.unwrap_or_else(|| match ending.finding {
            Some(Finding::Panic(line)) => Reason::Panic(line),
            Some(Finding::Stuck(line)) => Reason::Stuck(line),
            Some(Finding::Init(message)) if status.success() => Reason::PoweredOff(Some(message)),
            _ if status.success() => Reason::PoweredOff(None),
            _ => Reason::Qemu {
                status: status.to_string(),
                message: memory_file::read_text(&mut self.stderr).trim().to_owned(),
            },
        });
        Lost {
            reason,
            log: self.log.clone(),
            last_lines: ending.last_lines,
            output: String::new(),
        }
        .into()
    }
}
