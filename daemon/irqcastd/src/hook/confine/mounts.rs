//! Folders and files that are hidden from a hook, and its own `/tmp`: mounts that only it sees.

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that [`own_tmp`] replaces.
pub const TMP: [&str; 2] = ["/tmp", "/var/tmp"];

/// Options of the file system that replaces them, with its size in bytes.
const TMP_OPTIONS: &str = "mode=1777,size=16m";

/// Options of the one that hides a folder.
const EMPTY_OPTIONS: &str = "mode=555,size=4k,nr_inodes=1";

/// Leaves what the others see, so that further mounts are this process's own.
pub fn leave() -> Result<(), Errno> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    // What is mounted outside later comes in, and nothing goes out.
    let flags = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
}

/// Puts an empty folder in the place of the folder, or an empty file in that of the file.
pub fn hide(path: &Path) -> Result<(), Errno> {
    let metadata = fs::metadata(path).map_err(errno)?;
    if metadata.is_dir() {
        let flags =
            MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        return mount(
            Some("none"),
            path,
            Some("tmpfs"),
            flags,
            Some(EMPTY_OPTIONS),
        );
    }
    let null = Some("/dev/null");
    mount(null, path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

/// Puts empty folders in the place of those for temporary files.
pub fn own_tmp() -> Result<(), Errno> {
    // A link leads to the other one, most often.
    let is_folder =
        |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    for folder in TMP.map(PathBuf::from).iter().filter(|path| is_folder(path)) {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(
            Some("none"),
            folder,
            Some("tmpfs"),
            flags,
            Some(TMP_OPTIONS),
        )?;
    }
    Ok(())
}

fn errno(error: std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
