//! The three ways to wait for a file descriptor, each as a program that cares would do it.
//!
//! - Blocking: the call that takes the event sleeps itself. One system call an event.
//! - epoll: level-triggered, and one attempt to take per return, since the next `epoll_wait`
//!   returns at once if more is there. Two system calls an event.
//! - io_uring: the file is registered, the ring belongs to one thread, and completions run in
//!   that thread's own wait. One system call an event, which both submits and waits. A driver
//!   that io_uring cannot read without a worker thread gets a poll before the read, in the same
//!   call.

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd, RawFd},
    ptr,
};

use io_uring::{IoUring, opcode, squeue, types::Fixed};
use irqcast_bench::schema::Listener;
use nix::{
    errno::Errno,
    libc,
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        socket::MsgFlags,
    },
};

/// Waits for one file descriptor, always the same.
pub struct Waiting {
    how: How,
    syscalls: u64,
    poll_first: bool,
}

enum How {
    Blocking,
    Epoll(Option<Epoll>),
    /// Boxed because it is large. Both are made by the thread that waits.
    IoUring(Option<Box<IoUring>>),
}

impl Waiting {
    /// Waits in this way.
    pub fn new(listener: Listener) -> Self {
        let how = match listener {
            Listener::Epoll => How::Epoll(None),
            Listener::IoUring => How::IoUring(None),
            Listener::Blocking | Listener::Spin | Listener::None => How::Blocking,
        };
        Self {
            how,
            syscalls: 0,
            poll_first: false,
        }
    }

    /// Lets io_uring poll before it reads. The file has to be one that does not block.
    pub fn poll_first(mut self) -> Self {
        self.poll_first = true;
        self
    }

    /// System calls so far.
    pub fn syscalls(&self) -> u64 {
        self.syscalls
    }

    /// Counts a system call that a receiver makes beside waiting.
    pub fn count_syscall(&mut self) {
        self.syscalls += 1;
    }

    /// Waits until `file` has something and reads it.
    pub fn read(&mut self, file: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        if let How::IoUring(ring) = &mut self.how {
            let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
            let entry = opcode::Read::new(Fixed(0), buffer.as_mut_ptr(), length)
                .offset(u64::MAX)
                .build();
            self.syscalls += 1;
            let poll = opcode::PollAdd::new(Fixed(0), libc::POLLIN as u32)
                .build()
                .flags(squeue::Flags::IO_LINK);
            let entries = [poll, entry];
            let entries = if self.poll_first {
                &entries[..]
            } else {
                &entries[1..]
            };
            // SAFETY: the buffer lives over the call, which returns when the read is done.
            return unsafe { complete(ring, file.as_raw_fd(), entries) };
        }
        self.ready(file)?;
        self.syscalls += 1;
        Ok(nix::unistd::read(file, buffer)?)
    }

    /// Waits until the socket, which is connected to the kernel, has a message and takes it;
    /// returns its length.
    pub fn receive(&mut self, socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        if let How::IoUring(ring) = &mut self.how {
            let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
            let entry = opcode::Recv::new(Fixed(0), buffer.as_mut_ptr(), length).build();
            self.syscalls += 1;
            // SAFETY: the buffer lives over the call, which returns when the message is there.
            return unsafe { complete(ring, socket.as_raw_fd(), &[entry]) };
        }
        self.ready(socket)?;
        self.syscalls += 1;
        Ok(nix::sys::socket::recv(
            socket.as_raw_fd(),
            buffer,
            MsgFlags::empty(),
        )?)
    }

    /// As [`Self::receive`] for a socket that anybody may send to; also returns the port ID of
    /// who sent the message, 0 for the kernel.
    pub fn receive_from(
        &mut self,
        socket: BorrowedFd<'_>,
        buffer: &mut [u8],
    ) -> io::Result<(usize, u32)> {
        // SAFETY: all bytes 0 is a valid value of these structures of numbers and pointers.
        let mut sender: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        let length = size_of_val(&sender);
        if let How::IoUring(ring) = &mut self.how {
            // SAFETY: as above.
            let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
            let mut part = libc::iovec {
                iov_base: buffer.as_mut_ptr().cast(),
                iov_len: buffer.len(),
            };
            message.msg_name = (&raw mut sender).cast();
            message.msg_namelen = u32::try_from(length).unwrap_or(0);
            message.msg_iov = &raw mut part;
            message.msg_iovlen = 1;
            let entry = opcode::RecvMsg::new(Fixed(0), &raw mut message).build();
            self.syscalls += 1;
            // SAFETY: all that the entry points to lives over the call, which returns when
            // the message is there.
            let length = unsafe { complete(ring, socket.as_raw_fd(), &[entry]) }?;
            return Ok((length, sender.nl_pid));
        }
        self.ready(socket)?;
        self.syscalls += 1;
        let mut length = libc::socklen_t::try_from(length).unwrap_or(0);
        // SAFETY: buffer, sender and length are ours and as long as the call is told.
        let result = unsafe {
            libc::recvfrom(
                socket.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                0,
                (&raw mut sender).cast(),
                &raw mut length,
            )
        };
        let length = Errno::result(result)?;
        Ok((length.unsigned_abs(), sender.nl_pid))
    }

    /// Waits until `file` is ready, where that is a call of its own.
    fn ready(&mut self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.ready_for(file, EpollFlags::EPOLLIN)
    }

    /// As [`Self::ready`], for files that are ready in another way (sysfs).
    pub fn ready_for(&mut self, file: BorrowedFd<'_>, events: EpollFlags) -> io::Result<()> {
        let How::Epoll(epoll) = &mut self.how else {
            return Ok(());
        };
        let epoll = match epoll {
            Some(epoll) => epoll,
            none => {
                let new = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
                new.add(file, EpollEvent::new(events, 0))?;
                none.insert(new)
            }
        };
        self.syscalls += 1;
        epoll.wait(&mut [EpollEvent::empty()], EpollTimeout::NONE)?;
        Ok(())
    }
}

/// Submits the entries and waits for the end of all: one system call. Returns the last result.
///
/// # Safety
///
/// What the entries point to lives until this returns. (An interrupted wait cancels the entry and
/// waits for that, so nothing is in flight then.)
unsafe fn complete(
    ring: &mut Option<Box<IoUring>>,
    file: RawFd,
    entries: &[squeue::Entry],
) -> io::Result<usize> {
    let ring = match ring {
        Some(ring) => ring,
        none => none.insert(Box::new(start(file)?)),
    };
    // SAFETY: promised by the caller.
    unsafe { ring.submission().push_multiple(entries) }.map_err(io::Error::other)?;
    let waited = ring.submit_and_wait(entries.len());
    let (mut ended, mut result) = (0, 0);
    for completion in ring.completion() {
        ended += 1;
        result = completion.result();
    }
    if ended < entries.len() {
        // A signal ends the wait, also where the call tells of what it has submitted instead.
        cancel(ring, entries.len() - ended)?;
        return Err(waited.err().unwrap_or(io::ErrorKind::Interrupted.into()));
    }
    usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result))
}

/// Takes back what is in flight, and waits until it is.
fn cancel(ring: &mut IoUring, in_flight: usize) -> io::Result<()> {
    let entry = opcode::AsyncCancel::new(0).build();
    // SAFETY: this entry points to nothing.
    unsafe { ring.submission().push(&entry) }.map_err(io::Error::other)?;
    let mut left = in_flight + 1;
    while left > 0 {
        match ring.submit_and_wait(1) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => left = left.saturating_sub(ring.completion().count()),
        }
    }
    Ok(())
}

fn start(file: RawFd) -> io::Result<IoUring> {
    let ring = IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .build(4)?;
    ring.submitter().register_files(&[file])?;
    Ok(ring)
}

/// A value's bytes, for calls that fill it.
pub fn bytes_of(value: &mut u64) -> &mut [u8] {
    let length = size_of_val(value);
    // SAFETY: every eight bytes are a valid number, and the borrow is exclusive.
    unsafe { std::slice::from_raw_parts_mut(ptr::from_mut(value).cast(), length) }
}
