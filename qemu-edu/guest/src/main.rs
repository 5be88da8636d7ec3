//! PID 1 of the minimal guest: mounts what programs expect, then starts the commands that
//! the testbed sends over a virtio-serial port, and passes their input and output on.
//!
//! It decides nothing and loads no driver. When the testbed says so, when the testbed is
//! gone, or when PID 1 itself fails, the machine powers off.

mod children;
mod files;
mod port;
mod power;
mod server;
mod start;
mod terminal;

use anyhow::{Context as _, Result};

fn main() {
    if !nix::unistd::getpid().eq(&nix::unistd::Pid::from_raw(1)) {
        eprintln!("init: this is PID 1 of irqcast's guest, and of no use elsewhere");
        std::process::exit(2);
    }
    // A panic prints its message to the console like any error; then the machine is of no
    // more use, and the kernel would panic on the death of PID 1.
    match std::panic::catch_unwind(run) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("init: {error:#}"),
        Err(_) => eprintln!("init: PID 1 panicked"),
    }
    power::off();
}

fn run() -> Result<()> {
    files::prepare().context("failed to prepare the file system")?;
    let port = port::open()?;
    server::serve(port).context("lost the link to the testbed")
}
