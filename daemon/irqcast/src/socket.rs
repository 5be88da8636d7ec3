//! A generic netlink socket that listens to the kernel and to nobody else.

use crate::decode::DecodeError;
use crate::error::Error;
use netlink_sys::{SocketAddr, protocols::NETLINK_GENERIC};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use std::os::fd::{AsFd, BorrowedFd};

/// The largest datagram that the kernel makes: a part of a dump (`NLMSG_GOODSIZE` and 32 KiB).
const DATAGRAM_MAX: usize = 64 * 1024;

/// How much a socket's queue may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveBuffer {
    /// Bytes as the kernel counts them. It charges each message with all the memory that it takes, so
    /// that one event counts about 830 bytes.
    pub bytes: usize,
    /// Whether the limit in `net.core.rmem_max` was passed over, which takes `CAP_NET_ADMIN`.
    pub forced: bool,
}

impl ReceiveBuffer {
    /// Bytes to ask for: the kernel doubles them, and then they hold about 20,000 events.
    pub const DEFAULT: usize = 8 * 1024 * 1024;
}

/// What a receive brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A datagram, now in the buffer.
    Datagram,
    /// Nothing is there.
    Empty,
    /// The queue was full and the kernel dropped messages.
    Overrun,
}

/// A socket that is bound, with a buffer for one datagram.
pub(crate) struct Socket {
    socket: netlink_sys::Socket,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens and binds it. The kernel chooses the port ID: one without is skipped by broadcasts.
    pub fn open() -> Result<Self, Error> {
        let opened = (|| {
            let mut socket = netlink_sys::Socket::new(NETLINK_GENERIC)?;
            socket.bind_auto()?;
            socket.set_ext_ack(true)?;
            socket.set_cap_ack(true)?;
            Ok(socket)
        })();
        Ok(Self {
            socket: opened
                .map_err(|error: std::io::Error| Error::system("open a netlink socket", error))?,
            buffer: Vec::with_capacity(DATAGRAM_MAX),
        })
    }

    /// Asks for a queue of `bytes`, past the system's limit where that is permitted.
    pub fn set_receive_buffer(&self, bytes: usize) -> Result<ReceiveBuffer, Error> {
        let failed = |error: Errno| Error::system("set the receive buffer", error);
        let forced = match setsockopt(&self.socket, sockopt::RcvBufForce, &bytes) {
            Ok(()) => true,
            Err(Errno::EPERM) => {
                setsockopt(&self.socket, sockopt::RcvBuf, &bytes).map_err(failed)?;
                false
            }
            Err(error) => return Err(failed(error)),
        };
        let bytes = self
            .socket
            .get_rx_buf_sz()
            .map_err(|error| Error::system("read the receive buffer's size", error))?;
        Ok(ReceiveBuffer { bytes, forced })
    }

    /// Joins a multicast group. Joining it twice is joining it once.
    pub fn join(&self, group: u32, action: &'static str) -> Result<(), Error> {
        self.socket
            .add_membership(group)
            .map_err(|error| Error::system(action, error))
    }

    /// Leaves a multicast group. One that it is no member of, or that is gone, is left already.
    pub fn leave(&self, group: u32) {
        // The kernel refuses only what is done already.
        let _ = self.socket.drop_membership(group);
    }

    /// Sends a request to the kernel.
    pub fn send(&self, request: &[u8], action: &'static str) -> Result<(), Error> {
        self.socket
            .send_to(request, &SocketAddr::new(0, 0), 0)
            .map(drop)
            .map_err(|error| Error::system(action, error))
    }

    /// Takes the next datagram of the kernel; those of others are dropped. Does not wait.
    pub fn receive(&mut self) -> Result<Received, Error> {
        loop {
            self.buffer.clear();
            let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
            match self.socket.recv_from(&mut self.buffer, flags) {
                Ok((_, from)) if from.port_number() != 0 => {}
                Ok((length, _)) if length > self.buffer.len() => {
                    return Err(Error::Malformed {
                        action: "receive",
                        source: DecodeError::CutOff(length),
                    });
                }
                Ok(_) => return Ok(Received::Datagram),
                Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                    Some(Errno::EAGAIN) => return Ok(Received::Empty),
                    Some(Errno::ENOBUFS) => return Ok(Received::Overrun),
                    Some(Errno::EINTR) => {}
                    _ => return Err(Error::system("receive", error)),
                },
            }
        }
    }

    /// The datagram of the last receive.
    pub fn datagram(&self) -> &[u8] {
        &self.buffer
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
