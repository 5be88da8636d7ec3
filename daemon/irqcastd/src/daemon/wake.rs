//! What wakes the daemon up. Nothing else does, and a timer runs only while it stops, while it has
//! something to save, or while hooks run or wait.

use crate::control::server::{ClientId, Server};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// A reason to wake up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A signal came.
    Signal(i32),
    /// The subscription has something.
    Items,
    /// Another family has something.
    Messages,
    /// A device may have come or gone.
    Doorbell,
    /// The hook with this process ID printed something or closed its output.
    Output(Pid),
    /// The hook's process with this ID has ended.
    Ended(Pid),
    /// Somebody connected to the control socket.
    Visitor,
    /// There is something to do for this client of the control socket.
    Client(ClientId),
    /// The deadline has passed.
    Deadline,
}

/// Signals, turned into something that can be read.
pub struct Signals(SignalDelivery<UnixStream, SignalOnly>);

impl Signals {
    /// Catches these.
    pub fn new<const N: usize>(signals: [i32; N]) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        SignalDelivery::with_pipe(read, write, SignalOnly, signals).map(Self)
    }
}

/// Something that is read from.
pub struct Source<'a> {
    /// What it wakes up for.
    pub wake: Wake,
    /// Where it is read from.
    pub fd: BorrowedFd<'a>,
    /// Whether there may be something that was read already.
    pub has_more: bool,
}

/// Waits until there is a reason, and returns all that there are, signals first.
///
/// Of `sources` those are left out that are not read now.
pub fn wait<'a>(
    signals: &mut Signals,
    sources: impl Iterator<Item = Source<'a>>,
    outputs: impl Iterator<Item = (Pid, BorrowedFd<'a>)>,
    processes: impl Iterator<Item = (Pid, BorrowedFd<'a>)>,
    control: Option<&'a Server>,
    deadline: Option<Instant>,
) -> io::Result<Vec<Wake>> {
    let readable = PollFlags::POLLIN;
    let outputs = outputs.map(|(pid, fd)| Source {
        wake: Wake::Output(pid),
        fd,
        has_more: false,
    });
    let processes = processes.map(|(pid, fd)| Source {
        wake: Wake::Ended(pid),
        fd,
        has_more: false,
    });
    let visitors = control.map(|server| Source {
        wake: Wake::Visitor,
        fd: server.listener(),
        has_more: false,
    });
    let clients = control.into_iter().flat_map(|server| {
        let clients = server.clients();
        clients.map(|(id, fd, interest)| {
            let client = Source {
                wake: Wake::Client(id),
                fd,
                has_more: false,
            };
            (client, interest)
        })
    });
    let sources: Vec<(Source<'_>, PollFlags)> = sources
        .chain(outputs)
        .chain(processes)
        .chain(visitors)
        .map(|source| (source, readable))
        .chain(clients)
        .collect();
    let timeout = match deadline {
        _ if sources.iter().any(|(source, _)| source.has_more) => PollTimeout::ZERO,
        None => PollTimeout::NONE,
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up, so that the last millisecond is not spent in a busy loop.
            PollTimeout::try_from(left.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX)
        }
    };
    let mut woken = Vec::new();
    let signaled;
    {
        let mut polled = vec![PollFd::new(signals.0.get_read().as_fd(), readable)];
        polled.extend(
            sources
                .iter()
                .map(|(source, interest)| PollFd::new(source.fd, *interest)),
        );
        match poll(&mut polled, timeout) {
            // The self-pipe tells of the signal in the next round.
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        signaled = polled[0].any() == Some(true);
        woken.extend(
            sources
                .iter()
                .zip(&polled[1..])
                .filter(|((source, _), fd)| fd.any() == Some(true) || source.has_more)
                .map(|((source, _), _)| source.wake),
        );
    }
    let mut all: Vec<Wake> = match signaled {
        true => signals.0.pending().map(Wake::Signal).collect(),
        false => Vec::new(),
    };
    all.append(&mut woken);
    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        all.push(Wake::Deadline);
    }
    Ok(all)
}
