//! A network with nothing in it.
//!
//! A hook without network is put into a network namespace without any interface that is up. One is made
//! when the daemon starts, for all such hooks: making one takes milliseconds, and joining one
//! microseconds. Beside the internet protocols this covers netlink, packet sockets and sockets with
//! abstract names. Sockets with a name in the file system are not part of it: see [`super::paths`].

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::thread;

/// Makes one. The caller stays where it is: a thread of its own goes there and ends.
pub fn make_empty() -> io::Result<OwnedFd> {
    thread::scope(|scope| {
        let made = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open("/proc/thread-self/ns/net").map(OwnedFd::from)
        });
        made.join().unwrap_or_else(|_| Err(Errno::EIO.into()))
    })
}

/// Goes there.
pub fn enter(network: BorrowedFd<'_>) -> Result<(), Errno> {
    setns(network, CloneFlags::CLONE_NEWNET)
}
