//! Rings when the kernel binds a driver to a device, or unbinds one: then a device of irqcast may have
//! come or gone. The driver itself tells of neither.
//!
//! It is one socket in the kernel's group of uevents, and is open only where a rule is for arrivals or
//! departures. Nothing of a message is believed but that something was bound or unbound; whoever
//! hears it asks the driver.

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

/// The group of what the kernel tells. What udev makes of it goes to another one.
const KERNEL: u32 = 1;

/// How messages begin that are about drivers.
const RINGS: [&[u8]; 2] = [b"bind@", b"unbind@"];

/// The socket.
pub struct Doorbell(OwnedFd);

impl Doorbell {
    /// Opens it.
    pub fn open() -> Result<Self, Errno> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            SockProtocol::NetlinkKObjectUEvent,
        )?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, KERNEL))?;
        Ok(Self(socket))
    }

    /// Reads all that is there. Returns whether it rang.
    pub fn has_rung(&self) -> bool {
        let mut rung = false;
        loop {
            // The rest of a longer message is of no interest.
            let mut buffer = [0; 16];
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(length) => {
                    rung |= RINGS.iter().any(|ring| buffer[..length].starts_with(ring));
                }
                Err(Errno::EINTR) => {}
                // Some were dropped, and nobody knows which.
                Err(Errno::ENOBUFS) => rung = true,
                Err(_) => return rung,
            }
        }
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
