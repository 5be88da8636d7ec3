//! Who is at the other end of a Unix socket, as the kernel says.

use nix::errno::Errno;
use nix::libc::{self, gid_t, socklen_t};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::mem;
use std::os::fd::{AsFd, AsRawFd as _};

/// Who connected. It is what they were then, whatever they become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// ID of the user.
    pub user: u32,
    /// IDs of all the groups.
    pub groups: Vec<u32>,
}

/// Who is at the other end (SO_PEERCRED and SO_PEERGROUPS, unix(7)).
pub fn peer(socket: impl AsFd) -> nix::Result<Peer> {
    let credentials = getsockopt(&socket, PeerCredentials)?;
    let mut groups = supplementary_groups(&socket)?;
    groups.push(credentials.gid());
    Ok(Peer {
        user: credentials.uid(),
        groups,
    })
}

fn supplementary_groups(socket: impl AsFd) -> nix::Result<Vec<gid_t>> {
    // The most that a process can have: NGROUPS_MAX of the kernel is 65,536.
    const MOST: usize = 65_536;
    let mut groups: Vec<gid_t> = vec![0; 32];
    loop {
        let room = groups.len() * mem::size_of::<gid_t>();
        let mut length = socklen_t::try_from(room).map_err(|_| Errno::EOVERFLOW)?;
        // SAFETY: The kernel writes at most `length` bytes to the buffer, which has so many, and the
        // number of bytes that it wrote or would write to `length`.
        let result = unsafe {
            libc::getsockopt(
                socket.as_fd().as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let count = length as usize / mem::size_of::<gid_t>();
        match Errno::result(result) {
            Ok(_) => {
                groups.truncate(count);
                return Ok(groups);
            }
            Err(Errno::ERANGE) if count > groups.len() && count <= MOST => groups.resize(count, 0),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::{getegid, geteuid, getgroups};
    use std::os::unix::net::UnixStream;

    #[test]
    fn own_end_is_this_process() {
        let (one, _other) = UnixStream::pair().unwrap();
        let found = peer(&one).unwrap();
        assert_eq!(found.user, geteuid().as_raw());
        assert!(found.groups.contains(&getegid().as_raw()), "{found:?}");
        for group in getgroups().unwrap() {
            assert!(found.groups.contains(&group.as_raw()), "{found:?}");
        }
    }
}
