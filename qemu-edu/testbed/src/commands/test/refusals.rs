//! What set-up cannot work with is refused with one message that says what to do.

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::lifecycle::Testbed;
use crate::{exit, namespace};

/// An address of this machine at which nobody listens.
const NO_MIRROR: &str = "http://127.0.0.1:1/debian";

/// A mirror that cannot be reached.
pub fn unreachable_mirror(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let cache = testbed.empty_folder("cache-without-mirror")?;
    let mut command = program(&["--mirror", NO_MIRROR, "setup", "--cache-dir"])?;
    command.arg(cache);
    Testbed::end_of(command, b"")?.expect(exit::ERROR, "", "the Debian mirror does not answer")
}

/// Folders that are no kernel tree, or one that is not configured.
pub fn wrong_kernel_trees(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let folder = testbed.empty_folder("kernel-tree")?;
    refused(&folder.join("missing"), "there is no such folder")?;
    refused(&folder, "it is no kernel tree")?;
    for file in ["Makefile", "Kconfig"] {
        fs::write(folder.join(file), "").context("failed to write a file")?;
    }
    refused(&folder, "it is not configured")
}

/// What the Debian guest is not for: demonstrations and measurements, and other kernels than Debian's.
pub fn debian_guest(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let tree = testbed.empty_folder("kernel-tree-for-debian")?;
    let tree = tree.to_str().context("the folder's name is no text")?;
    let minimal = "runs in the minimal guest only: leave out --guest";
    let stock = "leave out --kernel and --kdir";
    for (arguments, status, message) in [
        (&["demo"][..], exit::ERROR, minimal),
        (&["bench"], exit::ERROR, minimal),
        (
            &["--kernel", "debug", "run", "--", "true"],
            exit::ERROR_PASSING_THROUGH,
            stock,
        ),
        (
            &["--kdir", tree, "run", "--", "true"],
            exit::ERROR_PASSING_THROUGH,
            stock,
        ),
    ] {
        let arguments = [&["--guest", "debian"], arguments].concat();
        Testbed::end_of(program(&arguments)?, b"")?.expect(status, "", message)?;
    }
    Ok(())
}

/// A file system that a set-up does not fit into.
pub fn too_little_space(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let cache = testbed.empty_folder("cache-on-a-small-disk")?;
    let setup = testbed.with_cache(&cache, "setup")?;
    let mut command = namespace::isolated("sh");
    // The file system goes with the namespace.
    command.args([
        "-c",
        "mount -t tmpfs -o size=200m tmpfs \"$1\" && shift && exec \"$@\"",
        "sh",
    ]);
    command
        .arg(cache)
        .arg(setup.get_program())
        .args(setup.get_args());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Testbed::end_of(command, b"")?.expect(exit::ERROR, "", "there is too little disk space")
}

/// Drivers that there are none, what cannot be done with one, and names that no driver can have. Nothing is
/// written.
pub fn wrong_drivers(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let folder = testbed.empty_folder("no-driver")?;
    let path = folder
        .to_str()
        .context("the log folder's name is no text")?;
    let device = ["--vendor", "0x8086", "--device", "0x100e", "--dir", path];
    for (arguments, message) in [
        (
            &["demo", "--driver", path][..],
            "is this the folder of a driver",
        ),
        (
            &["bench", "--driver", path, "--raise", "0xc8=0x4"],
            "is this the folder of a driver",
        ),
        (
            &[&["new", "e1000"][..], &device].concat(),
            "is a module or netlink family of the kernel",
        ),
        (
            &[&["new", "../card"][..], &device].concat(),
            "is no name of a driver",
        ),
    ] {
        Testbed::end_of(testbed.program(arguments)?, b"")?.expect(exit::ERROR, "", message)?;
    }
    let left = fs::read_dir(&folder)
        .context("failed to list a folder")?
        .count();
    ensure!(left == 0, "{left} files were written to {path}");
    Ok(())
}

fn refused(folder: &Path, message: &str) -> anyhow::Result<()> {
    let mut command = program(&["setup", "--kdir"])?;
    command.arg(folder);
    Testbed::end_of(command, b"")?.expect(exit::ERROR, "", message)
}

/// The testbed's program without the options that lead it to what works.
pub(super) fn program<S: AsRef<OsStr>>(arguments: &[S]) -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("failed to find the testbed's program")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}
