//! What a set-up leaves behind: the parts that a virtual machine is made of.

use std::{path::PathBuf, process::Command};

use crate::{own_driver::OwnDriver, tree_program};

/// Everything that a boot needs, built and checked.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The kernel that the guest boots.
    pub kernel: Kernel,
    /// The driver that guests load, built against [`Prepared::kernel`].
    pub driver: Driver,
    /// Where that is a person's own driver, what else guests have of it.
    pub own: Option<OwnDriver>,
    /// The driver of e1000, where something that was chosen needs it.
    pub e1000: Option<PathBuf>,
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
    /// What a Debian guest is made of, where one is to be booted.
    pub debian: Option<Debian>,
}

/// A driver, as a module that was built.
#[derive(Debug, Clone)]
pub struct Driver {
    /// The module's name, such as `irqcast_edu`.
    pub name: String,
    /// The module's file.
    pub module: PathBuf,
}

impl Driver {
    /// Name of the module's file.
    pub fn file(&self) -> String {
        format!("{}.ko", self.name)
    }

    /// Where a minimal guest finds the module.
    pub fn path(&self) -> String {
        format!("/lib/irqcast/{}", self.file())
    }
}

/// What a Debian guest is made of.
#[derive(Debug, Clone)]
pub struct Debian {
    /// The ext4 image of its disk, which is not to be written to.
    pub image: PathBuf,
    /// Folder with the lists of its kernel's modules and of the driver.
    pub modules: PathBuf,
    /// Folder of the driver in the one of the kernel's modules.
    pub driver_folder: &'static str,
    /// Debian packages that guests with the layer `packages` find, if there are such guests.
    pub packages: Vec<PathBuf>,
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
    /// The hook that the benchmark lets daemons run.
    pub bench_hook: PathBuf,
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
    /// Firmware and modules come from the tree too, also where the host has some of another version.
    pub fn command(&self) -> Command {
        let mut command = tree_program::command(&self.tree, "usr/bin/qemu-system-x86_64");
        for firmware in ["usr/share/qemu", "usr/share/seabios"] {
            command.arg("-L").arg(self.tree.join(firmware));
        }
        // Otherwise processes would show the loader's name.
        command.args(["-name", "irqcast,process=qemu-system-x86"]);
        command.env(
            "QEMU_MODULE_DIR",
            self.tree.join("usr/lib/x86_64-linux-gnu/qemu"),
        );
        command
    }
}
