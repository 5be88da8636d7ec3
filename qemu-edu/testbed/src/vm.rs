//! Virtual machines: what they are made of, how they are started, watched and stopped.
//!
//! [`Machine`] describes one, [`initramfs::Builder`] makes its file system, [`Vm::boot`]
//! starts it. Nothing of it is left when the testbed ends, in whatever way: QEMU dies with
//! the testbed, its sockets have no names, and the initramfs is a file without a name.

mod accelerator;
mod args;
mod borrowed;
mod cable;
mod command;
mod console;
mod conversation;
mod disk;
mod hotplug;
pub mod initramfs;
mod link;
mod logs;
mod lost;
mod machine;
mod memory_file;
mod modules;
mod peers;
mod power_button;
mod python;
mod qemu;
mod qmp;
mod running;

pub use self::{
    accelerator::Accelerator,
    args::processors,
    command::{Completed, Invocation},
    disk::Disk,
    link::{Event, Stream},
    logs::Logs,
    lost::{Lost, Reason},
    machine::Machine,
    running::{Happening, Vm},
};
