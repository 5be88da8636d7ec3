//! Signals for events: `O_ASYNC` with `SIGIO`, and with a real-time signal of one's own.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::errno::Errno;
use nix::libc::{self, siginfo_t};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::node::Node;
use crate::raw::Genl;
use crate::{tool, wait};

/// `F_SETSIG` of include/uapi/asm-generic/fcntl.h.
const F_SETSIG: i32 = 10;
/// `POLL_IN` of include/uapi/asm-generic/siginfo.h.
const POLL_IN: i32 = 1;
/// `POLL_HUP` there.
const POLL_HUP: i32 = 6;

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("signals", "sigio_comes", sigio);
    cases.extend([
        Case::new("signals::real_time_signals_are_queued", queued),
        Case::new("signals::full_queue_falls_back_to_sigio", full_queue),
        Case::new("signals::switched_off_is_silent", switched_off),
        Case::new("signals::end_with_the_file", ends_with_file),
        Case::new("signals::removal_says_so", removal),
    ]);
    cases
}

/// Signals of this process, blocked so that they wait until they are taken.
struct Signals(libc::sigset_t);

impl Signals {
    fn block(signals: &[i32]) -> Result<Self> {
        // SAFETY: the set is initialised before it is used, and the mask is this thread's own.
        let (set, result) = unsafe {
            let mut set = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            for signal in signals {
                libc::sigaddset(&raw mut set, *signal);
            }
            let result =
                libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
            (set, result)
        };
        ensure!(result == 0, "failed to block {signals:?}");
        Ok(Self(set))
    }

    /// The next signal, or nothing when none comes within `limit`.
    fn take(&self, limit: Duration) -> Result<Option<siginfo_t>> {
        let limit = libc::timespec {
            tv_sec: limit.as_secs().try_into()?,
            tv_nsec: limit.subsec_nanos().into(),
        };
        // SAFETY: all pointers are to local values.
        let (info, signal) = unsafe {
            let mut info = std::mem::zeroed();
            let signal = libc::sigtimedwait(&raw const self.0, &raw mut info, &raw const limit);
            (info, signal)
        };
        match Errno::result(signal) {
            Ok(_) => Ok(Some(info)),
            Err(Errno::EAGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn expect(&self) -> Result<siginfo_t> {
        self.take(wait::LIMIT)?.context("no signal came")
    }

    fn expect_silence(&self) -> Result<()> {
        match self.take(Duration::from_millis(200))? {
            None => Ok(()),
            Some(info) => bail!("signal {} came", info.si_signo),
        }
    }
}

/// `si_band` and `si_fd` of a signal for a file (struct siginfo in the kernel, for 64 bits).
fn band_and_file(info: &siginfo_t) -> (i64, i32) {
    // SAFETY: a signal for a file has both at these places behind the three integers and the
    // padding that start each siginfo.
    unsafe {
        let start = std::ptr::from_ref(info).cast::<u8>();
        (
            start.add(16).cast::<i64>().read(),
            start.add(24).cast::<i32>().read(),
        )
    }
}

/// Asks for `signal`, or with 0 for a plain `SIGIO`, for each event of a file.
fn ask(node: &Node, signal: i32) -> Result<()> {
    let file = node.as_fd().as_raw_fd();
    // SAFETY: these commands take numbers.
    let results = unsafe {
        let flags = libc::fcntl(file, libc::F_GETFL);
        [
            // The thread that blocks the signals, not just any of the process.
            libc::fcntl(file, libc::F_SETOWN, libc::getpid()),
            libc::fcntl(file, F_SETSIG, signal),
            libc::fcntl(file, libc::F_SETFL, flags | libc::O_ASYNC),
        ]
    };
    ensure!(results == [0; 3], "fcntl: {results:?}");
    Ok(())
}

fn joined() -> Result<Genl> {
    let genl = Genl::open()?;
    genl.join()?;
    Ok(genl)
}

fn asked_for(count: u64) -> Result<()> {
    tool::until_counter(0, "signals", count)
}

fn sigio(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let signals = Signals::block(&[libc::SIGIO])?;
    let mut genl = joined()?;
    let (node, _silent) = (Node::open(0)?, Node::open(0)?);
    genl.interrupt(0, 1)?;
    signals.expect_silence()?;
    ask(&node, 0)?;
    for round in 1..=3 {
        genl.interrupt(0, 1)?;
        ensure!(signals.expect()?.si_signo == libc::SIGIO);
        asked_for(round)?;
    }
    // One that is pending is not sent again, and only the sequence numbers tell.
    genl.interrupt(0, 1)?;
    genl.interrupt(0, 1)?;
    asked_for(5)?;
    signals.expect()?;
    signals.expect_silence()?;
    ensure!(node.read(10)?.len() == 6);
    Ok(())
}

fn queued() -> Result<()> {
    const EVENTS: u64 = 10;
    let _driver = Driver::load(Mode::Msi)?;
    let signal = libc::SIGRTMIN() + 3;
    let signals = Signals::block(&[signal, libc::SIGIO])?;
    let mut genl = joined()?;
    let nodes = [Node::open(0)?, Node::open(1)?];
    for node in &nodes {
        ask(node, signal)?;
    }
    for _ in 0..EVENTS {
        genl.interrupt(0, 1)?;
    }
    genl.interrupt(1, 1)?;
    let mut count = [0, 0];
    for _ in 0..=EVENTS {
        let info = signals.expect()?;
        let (band, file) = band_and_file(&info);
        ensure!(info.si_signo == signal && info.si_code == POLL_IN);
        ensure!(band & i64::from(libc::POLLIN) != 0, "band {band:#x}");
        let place = nodes
            .iter()
            .position(|node| node.as_fd().as_raw_fd() == file);
        count[place.with_context(|| format!("descriptor {file}"))?] += 1;
    }
    ensure!(count == [EVENTS, 1], "{count:?}");
    signals.expect_silence()
}

/// What does not fit into the queue becomes one plain SIGIO. The driver cannot know; the sequence
/// numbers tell how many it was.
fn full_queue() -> Result<()> {
    const EVENTS: u64 = 20;
    const ROOM: u64 = 5;
    let _driver = Driver::load(Mode::Msi)?;
    let signal = libc::SIGRTMIN() + 3;
    let signals = Signals::block(&[signal, libc::SIGIO])?;
    let mut genl = joined()?;
    let node = Node::open(0)?;
    ask(&node, signal)?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_SIGPENDING)?;
    setrlimit(Resource::RLIMIT_SIGPENDING, ROOM, hard)?;
    let raised = (0..EVENTS).try_for_each(|_| genl.interrupt(0, 1).map(|_| ()));
    let counted = asked_for(EVENTS);
    setrlimit(Resource::RLIMIT_SIGPENDING, soft, hard)?;
    raised?;
    counted?;
    let (mut own, mut plain) = (0, 0);
    while let Some(info) = signals.take(Duration::from_millis(200))? {
        if info.si_signo == libc::SIGIO {
            plain += 1;
        } else {
            own += 1;
        }
    }
    ensure!(
        (1..=ROOM).contains(&own) && plain == 1,
        "{own} signals and {plain} SIGIO with room for {ROOM}"
    );
    ensure!(node.read(100)?.len() as u64 == EVENTS);
    Ok(())
}

fn switched_off() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let signals = Signals::block(&[libc::SIGIO])?;
    let mut genl = joined()?;
    let node = Node::open(0)?;
    ask(&node, 0)?;
    tool::json(&["set", "--paths", "netlink-multicast"])?;
    genl.interrupt(0, 1)?;
    signals.expect_silence()?;
    tool::json(&["set", "--paths", "all"])?;
    genl.interrupt(0, 1)?;
    signals.expect()?;
    asked_for(1)
}

fn ends_with_file() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let signals = Signals::block(&[libc::SIGIO])?;
    let mut genl = joined()?;
    let node = Node::open(0)?;
    ask(&node, 0)?;
    drop(node);
    genl.interrupt(0, 1)?;
    signals.expect_silence()?;
    asked_for(0)
}

fn removal() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let signal = libc::SIGRTMIN() + 3;
    let signals = Signals::block(&[signal])?;
    let node = Node::open(0)?;
    ask(&node, signal)?;
    Driver::unbind(&Driver::bound()?[0].clone())?;
    let info = signals.expect()?;
    let (_, file) = band_and_file(&info);
    ensure!(info.si_code == POLL_HUP && file == node.as_fd().as_raw_fd());
    Ok(())
}
