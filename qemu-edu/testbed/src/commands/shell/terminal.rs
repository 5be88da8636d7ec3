//! The person's terminal: its size, and raw mode for as long as the guest has it.

use std::{
    io,
    os::fd::AsRawFd as _,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use irqcast_link::TerminalSize;
use nix::{
    libc,
    sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
};

/// The settings to go back to, while the terminal is in raw mode.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal is in raw mode: every key goes to the guest, Ctrl-C among them.
///
/// The old settings come back when this value is dropped, also by a panic, and when the
/// process exits in any way but by SIGKILL.
pub struct RawMode(());

impl RawMode {
    /// Enters raw mode.
    pub fn enter() -> anyhow::Result<Self> {
        let old = tcgetattr(io::stdin()).context("failed to read the terminal's settings")?;
        let mut raw = old.clone();
        cfmakeraw(&mut raw);
        *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(old);
        // SAFETY: the function is safe to call at exit: it takes a lock that is never held
        // for long, and makes a system call. It fails only for want of memory, and then the
        // drop is still there.
        let _ = unsafe { libc::atexit(restore_at_exit) };
        let raw_mode = Self(());
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw)
            .context("failed to set the terminal to raw mode")?;
        Ok(raw_mode)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

extern "C" fn restore_at_exit() {
    restore();
}

fn restore() {
    let saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(settings) = saved {
        // Without the terminal there is nothing to restore.
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &settings);
    }
}

/// The size of the terminal on standard output.
pub fn size() -> anyhow::Result<TerminalSize> {
    nix::ioctl_read_bad!(window_size, libc::TIOCGWINSZ, libc::winsize);
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: standard output stays open, and the structure is the one that this request
    // fills.
    unsafe { window_size(io::stdout().as_raw_fd(), &mut size) }
        .context("failed to read the size of the terminal")?;
    Ok(TerminalSize {
        rows: size.ws_row,
        columns: size.ws_col,
    })
}
