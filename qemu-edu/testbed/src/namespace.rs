//! Programs in namespaces of their own: the build root is entered this way, as root and, where
//! the system allows user namespaces, without root.
//!
//! The process namespace makes sure that nothing that a program started survives it. The mount
//! namespace makes sure that no mount is left behind.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::process;

/// Mounts what the arguments say below the root folder and runs a program in it.
const ENTER: &str = include_str!("namespace/enter.sh");

/// A folder of the host that is seen in the build root.
#[derive(Debug, Clone)]
pub struct Mount {
    /// Folder on the host.
    pub from: PathBuf,
    /// Absolute path in the build root; created there if need be.
    pub to: PathBuf,
    /// Whether programs in the build root may change it.
    pub writable: bool,
}

impl Mount {
    /// Shows `from` at `to`, for reading.
    pub fn read(from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            writable: false,
        }
    }

    /// Shows `from` at `to`, for reading and writing.
    pub fn write(from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            writable: true,
        }
    }
}

/// Whether the testbed runs as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A command that runs `program` as root of new namespaces.
pub fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("unshare");
    if !is_root() {
        // The person's own user becomes root inside, and the subordinate IDs the other users,
        // which packages need for files that do not belong to root.
        command.args(["--user", "--map-root-user", "--map-auto"]);
    }
    command.args([
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--",
    ]);
    command.arg(program);
    command
}

/// The same command, as root of new namespaces.
pub fn isolate(command: &Command) -> Command {
    let mut isolated = isolated(command.get_program());
    isolated.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => isolated.env(name, value),
            None => isolated.env_remove(name),
        };
    }
    isolated
}

/// A command that runs `program` in the tree `root`, where it sees `mounts`, in folder `/`.
pub fn inside(root: &Path, mounts: &[Mount], program: impl AsRef<OsStr>) -> Command {
    enter("keep", root, mounts, program)
}

/// As [`inside`], but what is changed in the tree, and not in `mounts`, is gone at the end. It is kept in
/// memory meanwhile.
pub fn on_top(root: &Path, mounts: &[Mount], program: impl AsRef<OsStr>) -> Command {
    enter("throw-away", root, mounts, program)
}

fn enter(changes: &str, root: &Path, mounts: &[Mount], program: impl AsRef<OsStr>) -> Command {
    let mut command = isolated("sh");
    command.args(["-c", ENTER, "enter", changes]).arg(root);
    for mount in mounts {
        command
            .arg(if mount.writable { "rw" } else { "ro" })
            .arg(&mount.from)
            .arg(&mount.to);
    }
    command.arg("--").arg(program);
    command.env_clear();
    command.envs([
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("HOME", "/root"),
        ("LC_ALL", "C.UTF-8"),
        ("KBUILD_BUILD_USER", "irqcast"),
        ("KBUILD_BUILD_HOST", "testbed"),
    ]);
    command
}

/// Fails, and says what to do, if this system does not let the testbed make namespaces.
pub fn check_allowed() -> anyhow::Result<()> {
    let output = process::output(isolated("true"))?;
    if output.status.success() {
        return Ok(());
    }
    let advice = if is_root() {
        "the testbed needs the right to mount file systems; in a container, give it \
         CAP_SYS_ADMIN (with Docker or Podman: --privileged)"
            .to_owned()
    } else {
        advice_without_root()
    };
    Err(anyhow::anyhow!(
        "unshare: {}",
        String::from_utf8_lossy(&output.stderr)
            .trim()
            .replace('\n', "; ")
    ))
    .context(format!(
        "this system does not let the testbed make a build root: {advice}"
    ))
}

fn advice_without_root() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .ok()
        .flatten()
        .map_or_else(|| nix::unistd::geteuid().to_string(), |user| user.name);
    for file in ["/etc/subuid", "/etc/subgid"] {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if !text
            .lines()
            .any(|line| line.split(':').next() == Some(user.as_str()))
        {
            return format!(
                "{file} gives {user} no subordinate IDs; run \
                 `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}`"
            );
        }
    }
    let switches = [
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "1"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "0",
        ),
    ];
    for (file, forbids, allows) in switches {
        if std::fs::read_to_string(file).is_ok_and(|text| text.trim() == forbids) {
            let name = file.trim_start_matches("/proc/sys/").replace('/', ".");
            return format!(
                "user namespaces are switched off; run `sudo sysctl -w {name}={allows}`, \
                 or run the testbed as root"
            );
        }
    }
    "user namespaces do not work for this user; run the testbed as root".to_owned()
}
