//! A listener in a thread of its own.

use std::{
    fs, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use nix::{
    libc,
    sys::{
        resource::{UsageWho, getrusage},
        signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
    },
};

use crate::{
    clock,
    receive::{Receiver, Seen},
    schedule::{self, Urgency},
};

/// What ends a listener's wait.
const WAKE: Signal = Signal::SIGUSR2;

/// How long anything may take that is waited for. It stops a hang.
const LIMIT: Duration = Duration::from_secs(10);

/// How a listener's thread is set up.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The processor that it runs on.
    pub processor: usize,
    /// Events after which its account begins.
    pub from: u64,
    /// Events after which its account ends; also the number of returns that are remembered.
    pub to: u64,
    /// Whether it never sleeps.
    pub spins: bool,
    /// How urgent its thread is.
    pub urgency: Urgency,
}

/// What a listener's thread tells at its end.
#[derive(Debug, Default)]
pub struct Account {
    /// Each return, up to [`Setting::to`].
    pub seen: Vec<Seen>,
    /// System calls from [`Setting::from`] to [`Setting::to`].
    pub syscalls: u64,
    /// Times that the thread left its processor in that time.
    pub switches: u64,
    /// Processor time in nanoseconds in that time.
    pub time_ns: u64,
}

/// A running listener.
pub struct Listening {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<Account>>,
    spins: bool,
}

#[derive(Default)]
struct Shared {
    /// Thread ID, once the thread is about to wait.
    id: AtomicI32,
    stop: AtomicBool,
    events: AtomicU64,
    told: AtomicU64,
    last_ns: AtomicU64,
}

/// Lets [`WAKE`] end a wait and do nothing else. To be called once.
pub fn prepare() -> Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    // Without SA_RESTART, so that the call that waits returns.
    let action = SigAction::new(
        SigHandler::Handler(nothing),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler does nothing at all, so it is sound at any point.
    unsafe { sigaction(WAKE, &action) }.context("failed to set a signal handler")?;
    Ok(())
}

impl Listening {
    /// Starts it, and returns when it is about to wait.
    pub fn start(receiver: Box<dyn Receiver>, setting: Setting) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let copy = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .stack_size(128 * 1024)
            .spawn(move || listen(receiver, setting, &copy))
            .context("failed to start a listener's thread")?;
        let listening = Self {
            shared,
            thread,
            spins: setting.spins,
        };
        let start = Instant::now();
        while listening.shared.id.load(Ordering::Acquire) == 0 {
            if start.elapsed() > LIMIT || listening.thread.is_finished() {
                bail!("a listener's thread does not start");
            }
            sleep(Duration::from_micros(100));
        }
        Ok(listening)
    }

    /// Events that it knows of.
    pub fn events(&self) -> u64 {
        self.shared.events.load(Ordering::Acquire)
    }

    /// Events that it knows to have missed.
    pub fn told(&self) -> u64 {
        self.shared.told.load(Ordering::Acquire)
    }

    /// When its call returned last.
    pub fn last_ns(&self) -> u64 {
        self.shared.last_ns.load(Ordering::Acquire)
    }

    /// Waits until it knows of so many events.
    pub fn wait_for(&self, events: u64) -> Result<()> {
        let start = Instant::now();
        while self.events() < events {
            if start.elapsed() > LIMIT || self.thread.is_finished() {
                bail!("the listener got {} of {events} events", self.events());
            }
            sleep(Duration::from_micros(20));
        }
        Ok(())
    }

    /// Waits until nothing comes any more: it sleeps, and some time later it knows no more.
    pub fn wait_for_silence(&self) {
        let start = Instant::now();
        let mut last = (u64::MAX, u64::MAX);
        let mut same = 0;
        while same < 3 && start.elapsed() < LIMIT && !self.thread.is_finished() {
            self.wait_until_asleep();
            let now = (self.events(), self.told());
            same = if now == last { same + 1 } else { 0 };
            last = now;
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits until its thread sleeps.
    pub fn wait_until_asleep(&self) {
        if self.spins {
            return;
        }
        let path = format!(
            "/proc/self/task/{}/stat",
            self.shared.id.load(Ordering::Acquire)
        );
        let start = Instant::now();
        while start.elapsed() < LIMIT && !self.thread.is_finished() {
            // "ID (NAME) STATE …"; the name is the program's.
            let stat = fs::read_to_string(&path).unwrap_or_default();
            let state = stat.rsplit(") ").next().unwrap_or_default();
            if state.starts_with('S') {
                return;
            }
            sleep(Duration::from_micros(20));
        }
    }

    /// Ends it.
    pub fn finish(self) -> Result<Account> {
        self.shared.stop.store(true, Ordering::Release);
        let start = Instant::now();
        while !self.thread.is_finished() {
            if start.elapsed() > LIMIT {
                bail!("a listener's thread does not end");
            }
            // Again and again, since one may come just before the call that waits.
            let id = self.shared.id.load(Ordering::Acquire);
            // SAFETY: tgkill takes numbers only.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), id, WAKE as libc::c_int) };
            sleep(Duration::from_micros(200));
        }
        self.thread
            .join()
            .unwrap_or_else(|_| Err(anyhow!("a listener's thread panicked")))
    }
}

fn listen(mut receiver: Box<dyn Receiver>, setting: Setting, shared: &Shared) -> Result<Account> {
    schedule::place(setting.processor, setting.urgency)?;
    let mut account = Account {
        // Memory that is there already: an allocation would be measured.
        seen: Vec::with_capacity(usize::try_from(setting.to)?),
        ..Account::default()
    };
    let mut events = 0;
    let mut before = Usage::now(receiver.as_ref())?;
    // SAFETY: gettid takes nothing and always succeeds.
    let id = unsafe { libc::gettid() };
    shared.id.store(id, Ordering::Release);
    loop {
        let seen = match receiver.receive() {
            Ok(seen) => seen,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                if shared.stop.load(Ordering::Acquire) {
                    return Ok(account);
                }
                continue;
            }
            Err(error) => return Err(error).context("a listener failed"),
        };
        if account.seen.len() < account.seen.capacity() {
            account.seen.push(seen);
        }
        let last = events;
        events += seen.events;
        let passed = |mark| last < mark && mark <= events;
        if passed(setting.from) {
            before = Usage::now(receiver.as_ref())?;
        }
        if passed(setting.to) {
            let after = Usage::now(receiver.as_ref())?;
            account.syscalls = after.syscalls - before.syscalls;
            account.switches = after.switches - before.switches;
            account.time_ns = after.time_ns - before.time_ns;
        }
        shared.last_ns.store(seen.returned_ns, Ordering::Release);
        shared.told.fetch_add(seen.told, Ordering::Release);
        // Last: whoever waits for the event finds all the rest.
        shared.events.store(events, Ordering::Release);
    }
}

struct Usage {
    syscalls: u64,
    switches: u64,
    time_ns: u64,
}

impl Usage {
    fn now(receiver: &dyn Receiver) -> Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).context("failed to read the usage")?;
        let switches = usage.voluntary_context_switches() + usage.involuntary_context_switches();
        Ok(Self {
            syscalls: receiver.syscalls(),
            switches: u64::try_from(switches)?,
            time_ns: clock::thread_time(),
        })
    }
}
