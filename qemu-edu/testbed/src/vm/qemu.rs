//! Starting QEMU.

use std::{
    fs::File,
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd, RawFd},
        unix::{net::UnixStream, process::CommandExt as _},
    },
    process::Stdio,
};

use anyhow::Context as _;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::{
    accelerator::Accelerator,
    args::{self, Parts},
    disk::Disk,
    machine::Machine,
    memory_file,
};
use crate::{prepared::Prepared, process::Child};

/// QEMU, and the host's ends of its channels.
pub struct Qemu {
    /// The process. It dies with this value, and with the testbed.
    pub child: Child,
    /// To PID 1.
    pub link: UnixStream,
    /// From the kernel.
    pub console: UnixStream,
    /// To QEMU itself.
    pub qmp: UnixStream,
    /// What QEMU writes to its standard error.
    pub stderr: File,
}

/// Starts a machine that boots the kernel of `prepared` with `initramfs`.
///
/// The channels are sockets without a name, so there is nothing to clean up, and no moment
/// at which one is not connected yet.
pub fn start(
    machine: &Machine,
    accelerator: Accelerator,
    prepared: &Prepared,
    initramfs: &File,
    disk: Option<&Disk>,
) -> anyhow::Result<Qemu> {
    let pair = || UnixStream::pair().context("failed to make a socket pair");
    let (link, link_of_qemu) = pair()?;
    let (console, console_of_qemu) = pair()?;
    let (qmp, qmp_of_qemu) = pair()?;
    let stderr = memory_file::create("qemu-stderr")?;
    let passed = [
        initramfs.as_raw_fd(),
        link_of_qemu.as_raw_fd(),
        console_of_qemu.as_raw_fd(),
        qmp_of_qemu.as_raw_fd(),
    ];
    let parts = Parts {
        kernel: &prepared.kernel.image,
        initramfs: passed[0],
        link: passed[1],
        console: passed[2],
        qmp: passed[3],
        disk,
    };
    let mut command = prepared.qemu.command();
    command
        .args(args::arguments(machine, accelerator, &parts))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(
            stderr
                .try_clone()
                .context("failed to open QEMU's messages twice")?,
        );
    // SAFETY: between fork and exec the hook makes system calls only.
    unsafe { command.pre_exec(move || passed.into_iter().try_for_each(keep_open)) };
    let child = Child::spawn(command)?;
    Ok(Qemu {
        child,
        link,
        console,
        qmp,
        stderr,
    })
}

/// Lets a program that is started next inherit the file descriptor.
fn keep_open(fd: RawFd) -> std::io::Result<()> {
    // SAFETY: the parent keeps the file open over the start of the child, which has a copy.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl(fd.as_fd(), FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}
