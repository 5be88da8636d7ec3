//! The floor: receives and starts the hook, and nothing else. No daemon that starts processes can be
//! quicker by much. It has no queue, keeps no order, and learns nothing of what it has missed.

use std::ffi::CString;

use anyhow::Result;
use nix::{
    spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn},
    sys::signal::{SigHandler, Signal, signal},
};

use super::{hooks::HOOK, maker::SLEEP_BIT};
use crate::netlink::{self, Family};

/// The argument that makes the benchmark's program this.
pub const NAME: &str = "floor";

/// Attribute `cause` of driver/spec/irqcast.yaml.
const CAUSE: u16 = 5;

/// Runs until it is killed.
pub fn run() -> Result<()> {
    // SAFETY: the kernel then forgets children that have ended; no handler is called.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }?;
    let socket = netlink::joined_with_default_queue(Family::find("irqcast")?.group("events")?)?;
    let (files, attributes) = (PosixSpawnFileActions::init()?, PosixSpawnAttr::init()?);
    let hook = CString::new(HOOK)?;
    loop {
        let Ok((datagram, _)) = socket.recv_from_full() else {
            continue;
        };
        let Some((seq, _)) = netlink::event(&datagram) else {
            continue;
        };
        let mode = match netlink::u32_attribute(&datagram, CAUSE) {
            Some(SLEEP_BIT) => c"sleep",
            _ => c"run",
        };
        let environment = [CString::new(format!("IRQCAST_SEQ={seq}"))?];
        posix_spawn(
            hook.as_c_str(),
            &files,
            &attributes,
            &[hook.as_c_str(), mode],
            &environment,
        )?;
    }
}
