//! The process group of a hook.
//!
//! A number does not name a group for ever: once its last process is gone, another one may get it. So
//! the group is held by a file descriptor of its first process (pidfd), which the kernel (since 6.9)
//! takes for the group too. A kernel that does not know that is given the number, but only as long as
//! the first process has not been waited for.

use super::child::Child;
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::cell::Cell;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::ptr;

/// `PIDFD_SIGNAL_PROCESS_GROUP` of linux/pidfd.h.
const TO_THE_GROUP: libc::c_uint = 1 << 2;

/// A process group.
pub struct Group {
    first: Pid,
    pidfd: OwnedFd,
    /// The first process has been waited for: its number may be another one's.
    is_number_free: Cell<bool>,
}

impl Group {
    /// The group of its first process, which was not waited for yet.
    pub fn of(first: Child) -> Self {
        Self {
            first: first.pid,
            pidfd: first.pidfd,
            is_number_free: Cell::new(false),
        }
    }

    /// The process ID of its first process.
    pub fn pid(&self) -> Pid {
        self.first
    }

    /// Says that the first process has been waited for. Returns whether others are left of the group.
    pub fn first_is_gone(&self) -> bool {
        self.is_number_free.set(true);
        self.send(None)
    }

    /// Sends a signal to all of the group. Returns whether there was somebody.
    pub fn signal(&self, signal: Signal) -> bool {
        self.send(Some(signal))
    }

    fn send(&self, signal: Option<Signal>) -> bool {
        match pidfd_send_signal(self.pidfd.as_raw_fd(), signal) {
            // A kernel that does not know the flag.
            Err(Errno::EINVAL) if !self.is_number_free.get() => killpg(self.first, signal).is_ok(),
            // There is no group yet: its first process has only just been made.
            Err(Errno::ESRCH) if !self.is_number_free.get() => kill(self.first, signal).is_ok(),
            sent => sent.is_ok(),
        }
    }
}

impl AsFd for Group {
    /// Readable once the first process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

fn pidfd_send_signal(pidfd: RawFd, signal: Option<Signal>) -> Result<(), Errno> {
    let number = signal.map_or(0, |signal| signal as libc::c_int);
    let no_info: *const libc::siginfo_t = ptr::null();
    // SAFETY: pidfd_send_signal(2) takes integers and a pointer that may be null.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd,
            number,
            no_info,
            TO_THE_GROUP,
        )
    };
    Errno::result(sent).map(drop)
}
