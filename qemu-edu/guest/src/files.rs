//! The file system that programs expect: kernel file systems, folders, links.

use std::{
    fs::{self, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use anyhow::{Context as _, Result};
use nix::mount::{MsFlags, mount};

/// Target, type and options of every mount, in order.
const MOUNTS: [(&str, &str, MsFlags, &str); 8] = {
    let plain = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);
    let data = plain.union(MsFlags::MS_NOEXEC);
    let dev = MsFlags::MS_NOSUID.union(MsFlags::MS_NOEXEC);
    [
        ("/proc", "proc", data, ""),
        ("/sys", "sysfs", data, ""),
        ("/dev", "devtmpfs", MsFlags::MS_NOSUID, "mode=0755"),
        ("/dev/pts", "devpts", dev, "mode=0620,gid=5,ptmxmode=0666"),
        ("/dev/shm", "tmpfs", plain, "mode=1777"),
        ("/run", "tmpfs", plain, "mode=0755"),
        ("/tmp", "tmpfs", plain, "mode=1777"),
        ("/sys/kernel/debug", "debugfs", data, ""),
    ]
};

/// File systems that a kernel may lack; no command of the testbed itself needs them.
const OPTIONAL: [&str; 2] = ["/dev/shm", "/sys/kernel/debug"];

/// Links that programs expect in `/dev`, with their targets.
const LINKS: [(&str, &str); 4] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

/// Makes folders, mounts and links.
pub fn prepare() -> Result<()> {
    // The kernel's own root lets everybody make files in it.
    fs::set_permissions("/", Permissions::from_mode(0o755)).context("failed to close /")?;
    for (target, kind, flags, options) in MOUNTS {
        let mounted = make_folder(Path::new(target)).and_then(|()| {
            mount(Some(kind), target, Some(kind), flags, Some(options)).map_err(io::Error::from)
        });
        match mounted {
            Err(_) if OPTIONAL.contains(&target) => {}
            result => result.with_context(|| format!("failed to mount {kind} on {target}"))?,
        }
    }
    for (link, target) in LINKS {
        match symlink(target, link) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("failed to make {link}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn make_folder(path: &Path) -> io::Result<()> {
    // Folders in sysfs are there or not; they cannot be made.
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)
}
