//! A process that shares the daemon's memory until it runs its program.
//!
//! It is made by clone(2) as vfork(2) makes one, but the daemon does not wait for it: while the kernel loads
//! the hook's program, which takes most of the time of a start, and longer where the disk is slow, the daemon
//! goes on. A second thread would do that too, with a stack, a queue and locks.
//!
//! Two things follow. What the child reads has to stay until it does so no more ([`Starting`]), and that a
//! program cannot be run is known when the child has ended ([`Starting::failure`]). And the child must not
//! call the C library, whose `errno` is the daemon's: it makes the bare system calls, about a dozen. (glibc's
//! `posix_spawn` makes about 80 for the same, and has the caller wait for it.)

use nix::errno::Errno;
use nix::libc::{self, c_char, c_int, c_void};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, pthread_sigmask, signal};
use nix::unistd::Pid;
use std::cell::RefCell;
use std::ffi::CString;
use std::mem::{self, MaybeUninit};
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU32, Ordering};
use syscalls::{Sysno, syscall};

/// Bytes of the child's stack. What it calls needs some hundred.
const STACK: usize = 16 * 1024;

/// How a child that could not run its program exits. Nobody sees it: the daemon takes the status.
const NOT_RUN: c_int = 127;

/// What is to be run, and what it inherits.
pub struct Start {
    /// The program's file.
    pub program: CString,
    /// Its arguments, of which the first is its name.
    pub arguments: Vec<CString>,
    /// Its environment.
    pub variables: Vec<CString>,
    /// Files that it has open: the daemon's and its own numbers of them, which may be the same. The daemon may
    /// close its own at once.
    pub files: Vec<(RawFd, RawFd)>,
    /// Its working folder, where that is not the daemon's.
    pub folder: Option<CString>,
}

/// A process that was made.
pub struct Child {
    /// Its ID, which is that of its process group too.
    pub pid: Pid,
    /// Names it until it is closed, also after somebody waited for it.
    pub pidfd: OwnedFd,
}

/// What a process uses until it runs its program.
///
/// Dropped earlier, it is kept for good: the memory may be in use.
pub struct Starting(*mut Told);

/// What the child is told, and what it tells.
struct Told {
    start: Start,
    /// [`Start::arguments`] as execve(2) takes them.
    arguments: Vec<*const c_char>,
    /// [`Start::variables`] as execve(2) takes them.
    variables: Vec<*const c_char>,
    signals: &'static [c_int],
    /// What the child does: one of [`STEPS`].
    step: AtomicU8,
    /// Why that failed, or 0.
    errno: AtomicI32,
    /// The kernel makes it 0 when the child has left this memory: when its program runs, or when it has
    /// exited (`CLONE_CHILD_CLEARTID`).
    busy: AtomicU32,
    stack: Box<Stack>,
}

/// What the child does, in this order, to follow "failed to".
const STEPS: [&str; 3] = [
    "prepare the process",
    "change to the rule's folder",
    "start the program",
];

#[repr(align(16))]
struct Stack(MaybeUninit<[u8; STACK]>);

thread_local! {
    /// Stacks that are free again. Made and given back one by one, between all else that comes and goes, they would
    /// keep the heap from shrinking.
    static STACKS: RefCell<Vec<Box<Stack>>> = const { RefCell::new(Vec::new()) };
}

impl Stack {
    /// One that nobody uses.
    fn take() -> Box<Self> {
        let free = STACKS.with_borrow_mut(Vec::pop);
        free.unwrap_or_else(|| {
            let stack = Box::<Self>::new_uninit();
            // SAFETY: What is in it may be uninitialised.
            unsafe { stack.assume_init() }
        })
    }

    /// Nobody uses it any more.
    fn give_back(self: Box<Self>) {
        STACKS.with_borrow_mut(|free| free.push(self));
    }
}

impl Start {
    /// Starts it, in a process group of its own, with all signals unblocked and at their defaults.
    ///
    /// # Errors
    ///
    /// Where there is no process to be had.
    pub fn run(self) -> Result<(Child, Starting), Errno> {
        let told = Box::new(Told {
            arguments: pointers(&self.arguments),
            variables: pointers(&self.variables),
            start: self,
            signals: handled_signals(),
            step: AtomicU8::new(0),
            errno: AtomicI32::new(0),
            busy: AtomicU32::new(1),
            stack: Stack::take(),
        });
        let starting = Starting(Box::into_raw(told));
        // No handler of the daemon's must run in the child, whose memory is the daemon's.
        let mut mask = SigSet::empty();
        pthread_sigmask(
            SigmaskHow::SIG_SETMASK,
            Some(&SigSet::all()),
            Some(&mut mask),
        )?;
        let child = clone(&starting);
        pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&mask), None)?;
        if child.is_err() {
            starting.told().busy.store(0, Ordering::Release);
        }
        Ok((child?, starting))
    }
}

impl Starting {
    /// What could not be done, to follow "failed to", and why, if the program was not run. Known when the process
    /// has ended.
    pub fn failure(&self) -> Option<(&'static str, Errno)> {
        let told = self.told();
        let errno = told.errno.load(Ordering::Acquire);
        let step = STEPS.get(usize::from(told.step.load(Ordering::Acquire)))?;
        (errno != 0).then(|| (*step, Errno::from_raw(errno)))
    }

    fn told(&self) -> &Told {
        // SAFETY: It was made by [`Start::run`] and goes with this. Nobody changes what is not atomic.
        unsafe { &*self.0 }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if self.told().busy.load(Ordering::Acquire) == 0 {
            // SAFETY: It was a box, and neither the child nor anybody else uses it any more.
            let told = unsafe { Box::from_raw(self.0) };
            told.stack.give_back();
        }
    }
}

/// Makes the child.
fn clone(starting: &Starting) -> Result<Child, Errno> {
    const FLAGS: c_int =
        libc::CLONE_VM | libc::CLONE_PIDFD | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD;
    let mut pidfd: RawFd = -1;
    let no_tls: *mut c_void = ptr::null_mut();
    // SAFETY: `starting` has what the child expects, which stays where it is until the child has left this memory
    // ([`Starting`]). The pointer is one to the end of the stack, which is aligned, since its beginning and
    // its size are: it grows down. The kernel writes the new file descriptor to `pidfd` before this returns
    // (CLONE_PIDFD), and 0 to `busy` when the child is done. The child has all signals blocked, a stack of
    // its own, and does not touch this thread's local storage.
    let pid = unsafe {
        let stack = (*starting.0).stack.0.as_mut_ptr().cast::<u8>();
        let busy = (*starting.0).busy.as_ptr();
        libc::clone(
            child,
            stack.add(STACK).cast(),
            FLAGS,
            starting.0.cast(),
            &raw mut pidfd,
            no_tls,
            busy,
        )
    };
    let pid = Pid::from_raw(Errno::result(pid)?);
    // SAFETY: The kernel has just made it, and nobody else knows it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Child { pid, pidfd })
}

/// What the child runs. It allocates nothing, takes no lock, does not panic and uses nothing thread-local: all
/// of that is the daemon's, which runs meanwhile.
extern "C" fn child(told: *mut c_void) -> c_int {
    // SAFETY: [`clone`] gave a pointer to this, which stays until the child is gone. Nobody changes what is
    // not atomic.
    let told = unsafe { &*told.cast::<Told>() };
    if let Err(errno) = prepare_and_run(told) {
        told.errno.store(errno.into_raw(), Ordering::Release);
    }
    NOT_RUN
}

/// Returns only if something fails.
fn prepare_and_run(told: &Told) -> Result<usize, syscalls::Errno> {
    // SAFETY: System calls with integers, with the constants below and with the strings and arrays in `told`,
    // which end in a null. Those that change something (how signals are handled, the group, open files, the
    // folder, the mask) do so for this process alone, since the clone shares memory only.
    unsafe {
        let no_old: *mut Action = ptr::null_mut();
        for &signal in told.signals {
            syscall!(Sysno::rt_sigaction, signal, &raw const DEFAULT, no_old, SET)?;
        }
        syscall!(Sysno::setpgid, 0, 0)?;
        for &(from, to) in &told.start.files {
            match from == to {
                // It would stay closed on exec.
                true => syscall!(Sysno::fcntl, to, libc::F_SETFD, 0)?,
                false => syscall!(Sysno::dup3, from, to, 0)?,
            };
        }
        if let Some(folder) = &told.start.folder {
            told.step.store(1, Ordering::Release);
            syscall!(Sysno::chdir, folder.as_ptr())?;
        }
        told.step.store(2, Ordering::Release);
        let no_old: *mut u64 = ptr::null_mut();
        syscall!(
            Sysno::rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const NONE,
            no_old,
            SET
        )?;
        let program = told.start.program.as_ptr();
        syscall!(
            Sysno::execve,
            program,
            told.arguments.as_ptr(),
            told.variables.as_ptr()
        )
    }
}

/// How a signal is handled, as the kernel takes it: the handler, flags, where the handler returns to, and the
/// signals that are blocked meanwhile (include/uapi/asm-generic/signal.h).
type Action = [libc::c_ulong; 4];

/// The default: no handler, and nothing else.
static DEFAULT: Action = [0; 4];

/// No signal.
static NONE: u64 = 0;

/// Bytes of the kernel's set of signals.
const SET: usize = mem::size_of::<u64>();

/// The signals that are not at their defaults: those that the daemon handles, and those that it ignores or
/// was started with ignored, which a program would inherit. The daemon changes none once it runs hooks.
fn handled_signals() -> &'static [c_int] {
    static HANDLED: OnceLock<Vec<c_int>> = OnceLock::new();
    HANDLED.get_or_init(|| (1..=64).filter(|&signal| is_handled(signal)).collect())
}

/// The C library hides two signals that it keeps to itself, and which a program that its `posix_spawn` has
/// started finds ignored. So the kernel is asked.
fn is_handled(signal: c_int) -> bool {
    let mut now = DEFAULT;
    let no_new: *const Action = ptr::null();
    // SAFETY: rt_sigaction(2) without a new action writes the present one, or nothing if it fails.
    let known = unsafe { syscall!(Sysno::rt_sigaction, signal, no_new, &raw mut now, SET) };
    known.is_ok() && now[0] != DEFAULT[0]
}

/// Keeps the exit status of each child until it is taken, also where whoever started this process has it
/// ignore that children end (wait(2)).
pub fn keep_statuses() -> Result<(), Errno> {
    // SAFETY: No handler is called by this.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }.map(drop)
}

/// The strings as execve(2) takes them.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let strings = strings.iter().map(|string| string.as_ptr());
    strings.chain([ptr::null()]).collect()
}
