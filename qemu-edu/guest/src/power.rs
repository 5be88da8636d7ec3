//! Switching the machine off.

use std::convert::Infallible;

use nix::sys::reboot::{RebootMode, reboot};

/// Powers the machine off. Nothing is synchronised first: all files are in memory.
pub fn off() -> ! {
    let Err::<Infallible, _>(error) = reboot(RebootMode::RB_POWER_OFF);
    eprintln!("init: failed to power off: {error}");
    // The kernel panics when PID 1 ends, and the testbed sees that.
    std::process::exit(1)
}
