//! What the testbed has in its guests: it starts the commands that the testbed sends over a
//! virtio-serial port, and passes their input and output on.
//!
//! In the minimal guest it is PID 1, which mounts what programs expect. In the Debian guest it is
//! PID 1 for a moment, which hands over to the system on the disk, and then a service of that
//! system. It decides nothing and loads no driver. When the testbed says so, when the testbed is
//! gone, or when it fails itself, the machine powers off.

mod children;
mod files;
mod kill;
mod port;
mod power;
mod server;
mod start;
mod system;
mod terminal;

use std::{fs::File, process::ExitCode};

use anyhow::{Context as _, Result};

/// The argument by which the Debian guest's service is started.
const SERVICE: &str = "service";

fn main() -> ExitCode {
    let is_first = nix::unistd::getpid().as_raw() == 1;
    let is_service = std::env::args().nth(1).as_deref() == Some(SERVICE);
    if !is_first && !is_service {
        eprintln!("init: this is of use in irqcast's guests only, and not to be started by hand");
        return ExitCode::from(2);
    }
    // A panic prints its message to the console like any error; then the machine is of no
    // more use, and the kernel would panic on the death of PID 1.
    match std::panic::catch_unwind(if is_first { first } else { service }) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("init: {error:#}"),
        Err(_) => eprintln!("init: the testbed's end in the guest panicked"),
    }
    match is_first {
        true => power::off(),
        false => power::shut_down(),
    }
}

fn first() -> Result<()> {
    files::prepare().context("failed to prepare the file system")?;
    if let Some(disk) = system::disk()? {
        return system::enter(&disk).context("failed to start the system on the disk");
    }
    serve(port::open()?)
}

fn service() -> Result<()> {
    serve(port::open()?)
}

fn serve(port: File) -> Result<()> {
    server::serve(port).context("lost the link to the testbed")
}
