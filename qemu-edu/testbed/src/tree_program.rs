//! Programs of an unpacked Debian tree that run on the host.

use std::{ffi::OsString, path::Path, process::Command};

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// A command that starts `program`, a path in the tree, before its arguments are added.
///
/// The tree's loader starts it, so neither the libraries nor the C library of the host matter, and
/// no namespace is needed.
pub fn command(tree: &Path, program: &str) -> Command {
    let libraries = tree.join(LIBRARIES);
    let name = program.rsplit('/').next().unwrap_or(program);
    let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
    command.args(["--argv0", name, "--library-path"]);
    command.arg(library_path(&libraries));
    command.arg(tree.join(program));
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// A command that lists the libraries of a binary of the tree.
pub fn list_libraries(tree: &Path, binary: &Path) -> Command {
    let libraries = tree.join(LIBRARIES);
    let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(library_path(&libraries));
    command.arg("--list").arg(binary);
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Some packages keep libraries for themselves in folders of their own.
fn library_path(libraries: &Path) -> OsString {
    let mut path = libraries.as_os_str().to_owned();
    for folder in ["pulseaudio", "systemd"] {
        path.push(":");
        path.push(libraries.join(folder));
    }
    path
}
