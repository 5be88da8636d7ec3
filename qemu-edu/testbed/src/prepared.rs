//! What a set-up leaves behind: the parts that a virtual machine is made of.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

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
    /// The machine that boots it.
    pub qemu: Qemu,
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
    /// The half of the benchmark that measures.
    pub bench: PathBuf,
}

/// QEMU, in an unpacked Debian tree. It runs on the host, with the tree's own libraries.
#[derive(Debug, Clone)]
pub struct Qemu {
    /// Root folder of the tree.
    pub tree: PathBuf,
    /// Its version, such as `10.0.3`.
    pub version: String,
}

impl Qemu {
    /// A command that starts it, before its arguments are added.
    ///
    /// The tree's loader starts it, so neither the libraries nor the C library of the host
    /// matter, and no namespace is needed. Firmware and modules come from the tree too, also
    /// where the host has some of another version.
    pub fn command(&self) -> Command {
        const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

        let libraries = self.tree.join(LIBRARIES);
        let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
        command.args(["--argv0", "qemu-system-x86_64", "--library-path"]);
        command.arg(library_path(&libraries));
        command.arg(self.tree.join("usr/bin/qemu-system-x86_64"));
        for firmware in ["usr/share/qemu", "usr/share/seabios"] {
            command.arg("-L").arg(self.tree.join(firmware));
        }
        // Otherwise processes would show the loader's name.
        command.args(["-name", "irqcast,process=qemu-system-x86"]);
        command.env("QEMU_MODULE_DIR", libraries.join("qemu"));
        command.env_remove("LD_LIBRARY_PATH");
        command
    }
}

/// Some packages keep libraries for themselves in folders of their own.
fn library_path(libraries: &Path) -> OsString {
    let mut path = libraries.as_os_str().to_owned();
    path.push(":");
    path.push(libraries.join("pulseaudio"));
    path
}
