//! What wakes the daemon up. Nothing else does, and a timer runs only while it stops, while it has
//! something to save, or while hooks run or wait.

use super::doorbell::Doorbell;
use crate::control::server::{ClientId, Server};
use irqcast::Subscription;
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
    /// A device may have come or gone.
    Doorbell,
    /// The hook with this process ID printed something or closed its output.
    Output(Pid),
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

/// Waits until there is a reason, and returns all that there are, signals first.
///
/// `subscription` is left out while nothing is read. With `more_items` it has something even
/// where its socket has not.
pub fn wait<'a>(
    signals: &mut Signals,
    subscription: Option<&'a Subscription>,
    doorbell: Option<&'a Doorbell>,
    outputs: impl Iterator<Item = (Pid, BorrowedFd<'a>)>,
    control: Option<&'a Server>,
    more_items: bool,
    deadline: Option<Instant>,
) -> io::Result<Vec<Wake>> {
    let timeout = match deadline {
        _ if more_items => PollTimeout::ZERO,
        None => PollTimeout::NONE,
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up, so that the last millisecond is not spent in a busy loop.
            PollTimeout::try_from(left.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX)
        }
    };
    let readable = PollFlags::POLLIN;
    let (reasons, fds): (Vec<_>, Vec<_>) = subscription
        .map(|subscription| (Wake::Items, (subscription.as_fd(), readable)))
        .into_iter()
        .chain(doorbell.map(|doorbell| (Wake::Doorbell, (doorbell.as_fd(), readable))))
        .chain(outputs.map(|(pid, fd)| (Wake::Output(pid), (fd, readable))))
        .chain(control.map(|server| (Wake::Visitor, (server.listener(), readable))))
        .chain(control.into_iter().flat_map(|server| {
            let clients = server.clients();
            clients.map(|(id, fd, interest)| (Wake::Client(id), (fd, interest)))
        }))
        .unzip();
    let mut woken = Vec::new();
    {
        let mut polled = vec![PollFd::new(signals.0.get_read().as_fd(), PollFlags::POLLIN)];
        polled.extend(fds.iter().map(|&(fd, flags)| PollFd::new(fd, flags)));
        match poll(&mut polled, timeout) {
            // The self-pipe tells of the signal in the next round.
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        woken.extend(
            reasons
                .iter()
                .zip(&polled[1..])
                .filter(|(reason, fd)| {
                    fd.any() == Some(true) || (more_items && **reason == Wake::Items)
                })
                .map(|(&reason, _)| reason),
        );
    }
    let mut all: Vec<Wake> = signals.0.pending().map(Wake::Signal).collect();
    all.append(&mut woken);
    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        all.push(Wake::Deadline);
    }
    Ok(all)
}
