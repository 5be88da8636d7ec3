//! Whole folders: their size, and removing them.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    thread,
    time::Duration,
};

use anyhow::Context;

use crate::{namespace, process};

/// Attempts to remove a folder into which a dying process of another testbed still writes.
const ATTEMPTS: u32 = 20;

/// Disk space that `folder` takes, in bytes. What cannot be read counts as nothing.
pub(super) fn size_of_tree(folder: &Path) -> u64 {
    let Ok(items) = fs::read_dir(folder) else {
        return 0;
    };
    items
        .flatten()
        .map(|item| match item.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of_tree(&item.path()),
            // Files with several names count for each of them in part.
            Ok(metadata) => metadata.blocks() * 512 / metadata.nlink().max(1),
            Err(_) => 0,
        })
        .sum()
}

/// Removes `folder` with all that is in it.
pub fn remove_tree(folder: &Path) -> anyhow::Result<()> {
    let mut attempt = 0;
    loop {
        match fs::remove_dir_all(folder) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if attempt == ATTEMPTS => {
                return Err(error)
                    .with_context(|| format!("failed to remove {}", folder.display()));
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                make_writable(folder);
                if attempt > 0 {
                    remove_as_namespace_root(folder)?;
                }
            }
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
        attempt += 1;
    }
}

/// Gives back the right to list and change folders, which some packages take away.
fn make_writable(folder: &Path) {
    let Ok(metadata) = folder.symlink_metadata() else {
        return;
    };
    if !metadata.is_dir() {
        return;
    }
    let mode = metadata.permissions().mode();
    if mode & 0o700 != 0o700 {
        // Removing the folder fails, and says so, if this did.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o700));
    }
    let Ok(items) = fs::read_dir(folder) else {
        return;
    };
    for item in items.flatten() {
        make_writable(&item.path());
    }
}

/// Removes what belongs to the subordinate user IDs of a half-made build root.
fn remove_as_namespace_root(folder: &Path) -> anyhow::Result<()> {
    let mut command = namespace::isolated("rm");
    command.arg("-rf").arg("--").arg(folder);
    process::output(command)?;
    Ok(())
}

/// `bytes` for people, such as `1.5 GB`.
pub fn human_size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    for (name, unit) in units {
        if bytes >= unit {
            return format!("{:.1} {name}", bytes as f64 / unit as f64);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_without_permissions_are_removed() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("a");
        fs::create_dir_all(folder.join("b/c")).unwrap();
        fs::write(folder.join("b/c/file"), "x").unwrap();
        for path in ["b/c", "b"] {
            fs::set_permissions(folder.join(path), fs::Permissions::from_mode(0o000)).unwrap();
        }
        remove_tree(&folder).unwrap();
        assert!(!folder.exists());
        remove_tree(&folder).unwrap();
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [(0, "0 bytes"), (1500, "1.5 kB"), (2_340_000_000, "2.3 GB")] {
            assert_eq!(human_size(bytes), text);
        }
    }
}
