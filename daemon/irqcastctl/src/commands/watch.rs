//! Watches what the driver tells until it is time to end: what `monitor` and `record` share.

use crate::failure::Failure;
use crate::output::note;
use crate::target::Target;
use irqcast::{Event, Item, Lost, Subscription};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What came.
pub enum Seen {
    /// A device interrupted.
    Event(Event),
    /// Events are lost.
    Lost(Lost),
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// There may be more.
    GoOn,
    /// That was the last.
    End,
}

/// Hands on what comes until that says it is enough, the time is over, or a signal asks to end.
pub fn watch(
    target: &Target,
    duration: Option<Duration>,
    mut to: impl FnMut(Seen) -> Result<Then, Failure>,
) -> Result<(), Failure> {
    let end = EndSignals::register()
        .map_err(|error| Failure::System("prepare for the signals that end it", error))?;
    let mut subscription = target.subscription()?;
    let deadline = duration.and_then(|duration| Instant::now().checked_add(duration));
    while let Some(item) = next(&mut subscription, &end, deadline)? {
        let seen = match item {
            Item::Event(event) | Item::Replayed(event) => Seen::Event(event),
            Item::Lost(lost) => Seen::Lost(lost),
            Item::Joined { .. } => continue,
            Item::Overrun => {
                note("the kernel dropped events, because they were not read quickly enough");
                continue;
            }
            Item::Left => {
                note("the driver was removed; waiting for its return");
                continue;
            }
            Item::Malformed(error) => {
                note(format_args!("skipped a message: {error}"));
                continue;
            }
        };
        if to(seen)? == Then::End {
            break;
        }
    }
    Ok(())
}

/// The next item, or `None` when it is time to end.
fn next(
    subscription: &mut Subscription,
    end: &EndSignals,
    deadline: Option<Instant>,
) -> Result<Option<Item>, Failure> {
    let output = io::stdout();
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if end.came.load(Ordering::Relaxed) || left == Some(Duration::ZERO) {
            return Ok(None);
        }
        if let Some(item) = subscription.try_next()? {
            return Ok(Some(item));
        }
        let timeout = match left {
            None => PollTimeout::NONE,
            // Rounded up, so that the last millisecond is not spent in a busy loop.
            Some(left) => PollTimeout::try_from(left.as_millis().saturating_add(1))
                .unwrap_or(PollTimeout::MAX),
        };
        let mut fds = [
            PollFd::new(subscription.as_fd(), PollFlags::POLLIN),
            PollFd::new(end.wakes.as_fd(), PollFlags::POLLIN),
            // Asks for nothing but the news that the reader of a pipe went away.
            PollFd::new(output.as_fd(), PollFlags::empty()),
        ];
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(Failure::System("wait for events", error.into())),
        }
        if fds[2].any() == Some(true) {
            return Ok(None);
        }
    }
}

/// The signals that ask to end.
struct EndSignals {
    /// Whether one came.
    came: Arc<AtomicBool>,
    /// Has something to read once one came, to end a poll.
    wakes: UnixStream,
}

impl EndSignals {
    fn register() -> io::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        let (wakes, write) = UnixStream::pair()?;
        for signal in [SIGINT, SIGTERM] {
            // In this order: whoever is woken finds that it came.
            flag::register(signal, Arc::clone(&came))?;
            pipe::register(signal, write.try_clone()?)?;
        }
        Ok(Self { came, wakes })
    }
}
