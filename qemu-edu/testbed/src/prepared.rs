//! What a set-up leaves behind: the parts that a virtual machine is made of.

use std::path::PathBuf;

/// Everything that a boot needs, built and checked.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The kernel that the guest boots.
    pub kernel: Kernel,
    /// The driver, built against [`Prepared::kernel`].
    pub driver: PathBuf,
    /// Static programs that run in the guest.
    pub userland: Userland,
    /// Root folder of the Debian tree in which kernel and driver are built. The guest's
    /// busybox, Python and other files come from it too.
    pub build_root: PathBuf,
    /// Linux source tree of the kernel's version, for the kernel's own YNL client and schema.
    pub source: PathBuf,
    /// The testbed's cache folder.
    pub cache: PathBuf,
}

/// A bootable kernel.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// Name for people and for test names: `stock`, `debug`, or `custom` with `--kdir`.
    pub name: String,
    /// What `uname -r` prints in the guest.
    pub release: String,
    /// Compressed kernel image (bzImage).
    pub image: PathBuf,
}

/// Statically linked programs, to be copied into the guest.
#[derive(Debug, Clone)]
pub struct Userland {
    /// PID 1 of the minimal guest.
    pub init: PathBuf,
    /// The daemon.
    pub irqcastd: PathBuf,
    /// The command-line tool.
    pub irqcastctl: PathBuf,
    /// The end-to-end tests.
    pub e2e: PathBuf,
}
