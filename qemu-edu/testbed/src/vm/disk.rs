//! A guest's disk: a file with an empty ext4 file system, that stays over boots.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::process;

/// Bytes of the disk. The file is sparse.
const SIZE: u64 = 64 << 20;

/// A disk. Its file goes with this value.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Makes the file `path`, with a file system that the program `mke2fs` makes.
    pub fn make(mut mke2fs: Command, path: PathBuf) -> anyhow::Result<Self> {
        File::create(&path)
            .and_then(|file| file.set_len(SIZE))
            .with_context(|| format!("failed to make the disk {}", path.display()))?;
        let disk = Self { path };
        mke2fs.args(["-q", "-F", "-t", "ext4"]).arg(&disk.path);
        let output = process::output(mke2fs)?;
        if !output.status.success() {
            bail!(
                "mke2fs failed on {} ({}): {}",
                disk.path.display(),
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(disk)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // One that stays behind takes place, and goes with the folder of the logs.
        let _ = fs::remove_file(&self.path);
    }
}
