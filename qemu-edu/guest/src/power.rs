//! Switching the machine off.

use std::{
    convert::Infallible,
    process::{Command, ExitCode},
};

use nix::sys::reboot::{RebootMode, reboot};

/// Powers the machine off. Nothing is synchronised first: all files are in memory.
pub fn off() -> ! {
    let Err::<Infallible, _>(error) = reboot(RebootMode::RB_POWER_OFF);
    eprintln!("init: failed to power off: {error}");
    // The kernel panics when PID 1 ends, and the testbed sees that.
    std::process::exit(1)
}

/// Lets systemd shut the machine down: services are stopped, file systems are unmounted.
pub fn shut_down() -> ExitCode {
    let asked = Command::new("systemctl")
        .args(["--no-block", "poweroff"])
        .status();
    match asked {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("init: systemctl poweroff failed: {status}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("init: failed to start systemctl: {error}");
            ExitCode::FAILURE
        }
    }
}
