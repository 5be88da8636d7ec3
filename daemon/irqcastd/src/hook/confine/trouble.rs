//! How the second stage tells the daemon that it could not start the hook.
//!
//! By a pipe that is closed when the hook's program begins. So whatever is in it is of the second stage,
//! and a hook's exit status is always its own.

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read};
use std::os::fd::OwnedFd;

/// Most bytes of what is told.
const LENGTH: usize = 4096;

/// The daemon's end.
#[derive(Debug)]
pub struct Trouble(OwnedFd);

/// Makes both ends: the daemon's, and that of the second stage.
pub fn pipe() -> Result<(Trouble, OwnedFd), Errno> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    Ok((Trouble(read), write))
}

impl Trouble {
    /// What was told, once the process has ended. `None` if its hook was started.
    pub fn read(self) -> Option<String> {
        let mut text = vec![0; LENGTH];
        let length = read(&self.0, &mut text).ok()?;
        text.truncate(length);
        (length > 0).then(|| String::from_utf8_lossy(&text).into_owned())
    }
}
