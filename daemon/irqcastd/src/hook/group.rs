//! The process group of a hook.
//!
//! A number does not name a group for ever: once its last process is gone, another one may get it. So
//! the group is held by a file descriptor of its first process (pidfd), which the kernel (since 6.9)
//! takes for the group too. Where that is not to be had the number is used, but only as long as the
//! first process has not been waited for.

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::ptr;

/// `PIDFD_SIGNAL_PROCESS_GROUP` of linux/pidfd.h.
const TO_THE_GROUP: libc::c_uint = 1 << 2;

/// A process group.
pub struct Group {
    first: Pid,
    pidfd: Option<OwnedFd>,
    /// The first process has been waited for: its number may be another one's.
    is_number_free: bool,
}

impl Group {
    /// The group of its first process, which was not waited for yet.
    pub fn of(first: Pid) -> Self {
        Self {
            first,
            pidfd: pidfd_open(first).ok(),
            is_number_free: false,
        }
    }

    /// The process ID of its first process.
    pub fn pid(&self) -> Pid {
        self.first
    }

    /// Says that the first process has been waited for. Returns whether others are left of the group.
    pub fn first_is_gone(&mut self) -> bool {
        self.is_number_free = true;
        self.send(None)
    }

    /// Sends a signal to all of the group. Returns whether there was somebody.
    pub fn signal(&self, signal: Signal) -> bool {
        self.send(Some(signal))
    }

    fn send(&self, signal: Option<Signal>) -> bool {
        let sent = match &self.pidfd {
            Some(pidfd) => pidfd_send_signal(pidfd.as_raw_fd(), signal),
            None => Err(Errno::ENOSYS),
        };
        match sent {
            // A kernel that does not know the flag, or no file descriptor.
            Err(Errno::EINVAL | Errno::ENOSYS) if !self.is_number_free => {
                killpg(self.first, signal).is_ok()
            }
            sent => sent.is_ok(),
        }
    }
}

fn pidfd_open(pid: Pid) -> Result<OwnedFd, Errno> {
    // SAFETY: pidfd_open(2) takes two integers and returns a new file descriptor, closed on exec.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = RawFd::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: The kernel has just made it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
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
