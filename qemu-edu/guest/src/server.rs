//! The loop that starts commands and passes on what they read and write.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io::{ErrorKind, Read as _, Write as _},
    os::fd::AsFd as _,
};

use anyhow::{Context as _, Result, bail};
use irqcast_link::{Decoder, ExecId, Exit, ToGuest, ToHost, VERSION, encode};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
        utsname::uname,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
};

use crate::{
    children::{Child, Output},
    kill, start,
};

/// Bytes that may wait for the host before the commands' output is left in their pipes.
/// Frames that answer the host are queued all the same; they are few and short.
const BACKLOG: usize = 256 * 1024;

/// Serves the testbed until it asks for the end. An error means that it is gone.
pub fn serve(port: File) -> Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.thread_block().context("failed to block SIGCHLD")?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let mut server = Server {
        port,
        signals: SignalFd::with_flags(&signals, flags).context("failed to make a signalfd")?,
        decoder: Decoder::default(),
        outgoing: VecDeque::new(),
        children: BTreeMap::new(),
    };
    let system = uname().context("failed to read the kernel's release")?;
    server.send(&ToHost::Hello {
        version: VERSION,
        release: system.release().to_string_lossy().into_owned(),
    })?;
    server.flush()?;
    loop {
        for event in server.wait()? {
            if server.handle(event)? == Next::PowerOff {
                return Ok(());
            }
        }
        server.report_ends()?;
        server.flush()?;
    }
}

/// Why the loop woke up.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The port has bytes, takes bytes, or is closed.
    Host,
    ChildEnded,
    InputWanted(ExecId),
    OutputReady(ExecId, Output),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    PowerOff,
}

struct Server {
    port: File,
    signals: SignalFd,
    decoder: Decoder,
    outgoing: VecDeque<u8>,
    children: BTreeMap<ExecId, Child>,
}

impl Server {
    /// Waits until there is something to do.
    fn wait(&self) -> Result<Vec<Event>> {
        let mut fds = Vec::new();
        let mut events = Vec::new();
        let mut watch = |fd, flags, event| {
            fds.push(PollFd::new(fd, flags));
            events.push(event);
        };
        let to_host = match self.outgoing.is_empty() {
            true => PollFlags::empty(),
            false => PollFlags::POLLOUT,
        };
        watch(self.port.as_fd(), PollFlags::POLLIN | to_host, Event::Host);
        watch(self.signals.as_fd(), PollFlags::POLLIN, Event::ChildEnded);
        for (&id, child) in &self.children {
            if let Some(stdin) = child.wants_write() {
                watch(stdin, PollFlags::POLLOUT, Event::InputWanted(id));
            }
            for output in Output::BOTH {
                if let Some(fd) = child.output(output)
                    && self.outgoing.len() < BACKLOG
                {
                    watch(fd, PollFlags::POLLIN, Event::OutputReady(id, output));
                }
            }
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(error) => return Err(error).context("failed to poll"),
        }
        let ready = |fd: &PollFd<'_>| fd.any() != Some(false);
        Ok(fds
            .iter()
            .zip(events)
            .filter_map(|(fd, event)| ready(fd).then_some(event))
            .collect())
    }

    fn handle(&mut self, event: Event) -> Result<Next> {
        let answer = match event {
            Event::Host => return self.receive(),
            Event::ChildEnded => {
                self.reap()?;
                None
            }
            Event::InputWanted(id) => self.children.get_mut(&id).and_then(Child::pump_stdin),
            Event::OutputReady(id, output) => self
                .children
                .get_mut(&id)
                .and_then(|child| child.pump_output(output)),
        };
        if let Some(answer) = answer {
            self.send(&answer)?;
        }
        Ok(Next::GoOn)
    }

    /// Takes what the host has sent, and obeys.
    fn receive(&mut self) -> Result<Next> {
        let mut bytes = [0; 32 * 1024];
        match self.port.read(&mut bytes) {
            Ok(0) => bail!("the testbed has gone"),
            Ok(count) => self.decoder.extend(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::GoOn),
            Err(error) => return Err(error).context("failed to read the port"),
        }
        while let Some(frame) = self.decoder.decode()? {
            if self.obey(frame)? == Next::PowerOff {
                return Ok(Next::PowerOff);
            }
        }
        Ok(Next::GoOn)
    }

    /// Does what a frame says. Commands that have ended meanwhile are no error.
    fn obey(&mut self, frame: ToGuest) -> Result<Next> {
        match frame {
            ToGuest::Exec(exec) => {
                let id = exec.id;
                match start::start(&exec) {
                    Ok(running) => {
                        self.children.insert(id, Child::new(id, running));
                        self.send(&ToHost::Started { id })?;
                    }
                    Err(error) => {
                        let message = format!("{error:#}");
                        self.send(&ToHost::NotStarted { id, message })?;
                    }
                }
            }
            ToGuest::Stdin { id, data } => {
                if let Some(child) = self.children.get_mut(&id) {
                    child.queue_stdin(&data)?;
                    let taken = child.pump_stdin();
                    self.send_some(taken)?;
                }
            }
            ToGuest::StdinClosed { id } => {
                if let Some(child) = self.children.get_mut(&id) {
                    child.end_stdin();
                    let taken = child.pump_stdin();
                    self.send_some(taken)?;
                }
            }
            ToGuest::Resize { id, size } => {
                if let Some(child) = self.children.get(&id) {
                    child.resize(size);
                }
            }
            ToGuest::Signal { id, signal } => {
                if let Some(child) = self.children.get(&id) {
                    child.signal(signal);
                }
            }
            ToGuest::KillAll => kill::all_commands()?,
            ToGuest::Ping => self.send(&ToHost::Pong)?,
            ToGuest::PowerOff => return Ok(Next::PowerOff),
        }
        Ok(Next::GoOn)
    }

    /// Collects every process that has ended, orphans among them.
    fn reap(&mut self) -> Result<()> {
        // One signal may stand for several children, so its content says nothing.
        while let Ok(Some(_)) = self.signals.read_signal() {}
        loop {
            let (pid, exit) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, status)) => {
                    (pid, Exit::Status(u8::try_from(status).unwrap_or(u8::MAX)))
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, Exit::Signal(signal as i32)),
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(()),
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(error) => return Err(error).context("failed to reap"),
            };
            if let Some(child) = self.children.values_mut().find(|child| child.pid() == pid) {
                child.ended(exit);
            }
        }
    }

    /// Tells the host which commands have ended, each after the last of its output.
    fn report_ends(&mut self) -> Result<()> {
        let ended: Vec<(ExecId, Exit)> = self
            .children
            .iter()
            .filter_map(|(&id, child)| Some((id, child.exit()?)))
            .collect();
        'commands: for (id, exit) in ended {
            for output in Output::BOTH {
                while let Some(child) = self.children.get_mut(&id)
                    && !child.is_drained()
                {
                    if self.outgoing.len() >= BACKLOG {
                        // The loop comes back here when the host has read.
                        continue 'commands;
                    }
                    let Some(data) = child.pump_output(output) else {
                        break;
                    };
                    self.send(&data)?;
                }
            }
            self.children.remove(&id);
            self.send(&ToHost::Exited { id, exit })?;
        }
        Ok(())
    }

    fn send_some(&mut self, frame: Option<ToHost>) -> Result<()> {
        frame.map_or(Ok(()), |frame| self.send(&frame))
    }

    fn send(&mut self, frame: &ToHost) -> Result<()> {
        self.outgoing.extend(encode(frame)?);
        Ok(())
    }

    /// Writes what the port takes now.
    fn flush(&mut self) -> Result<()> {
        while !self.outgoing.is_empty() {
            match self.port.write(self.outgoing.as_slices().0) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("failed to write the port"),
            }
        }
        Ok(())
    }
}
