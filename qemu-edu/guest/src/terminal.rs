//! Pseudoterminals for interactive commands.

use std::os::fd::{AsRawFd as _, OwnedFd};

use irqcast_link::TerminalSize;
use nix::{
    libc,
    pty::{OpenptyResult, Winsize, openpty},
};

/// A new terminal of the given size: the end to keep, and the end for the command.
pub fn open(size: TerminalSize) -> nix::Result<(OwnedFd, OwnedFd)> {
    let OpenptyResult { master, slave } = openpty(Some(&winsize(size)), None)?;
    Ok((master, slave))
}

/// Tells the kernel the terminal's new size; the command gets SIGWINCH.
pub fn resize(master: &OwnedFd, size: TerminalSize) -> nix::Result<()> {
    nix::ioctl_write_ptr_bad!(set_winsize, libc::TIOCSWINSZ, Winsize);
    // SAFETY: the file descriptor is open, and the structure is the one that this request
    // reads.
    unsafe { set_winsize(master.as_raw_fd(), &winsize(size)) }.map(drop)
}

/// Makes standard input, a terminal, the controlling terminal of the calling process, which
/// has to lead a session.
///
/// Safe to call between fork and exec: it makes one system call.
pub fn take_control() -> nix::Result<()> {
    nix::ioctl_none_bad!(set_controlling, libc::TIOCSCTTY);
    // SAFETY: the request takes no memory; its argument 0 is "do not steal".
    unsafe { set_controlling(libc::STDIN_FILENO) }.map(drop)
}

fn winsize(size: TerminalSize) -> Winsize {
    Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}
