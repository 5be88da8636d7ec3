//! What the daemon inherits from whoever started it, and must not pass on to hooks.

use nix::libc;
use std::io;

/// Marks all open files but the standard ones to be closed when a hook's program starts.
///
/// The daemon's own files are marked when they are opened; these are the ones that a careless parent
/// left open.
pub fn close_on_exec() -> io::Result<()> {
    const FIRST: libc::c_uint = 3;
    // SAFETY: close_range(2) takes three integers and, with this flag, closes nothing.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
