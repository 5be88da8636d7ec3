//! A guest's disk: a file with an ext4 file system.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::process;

/// Bytes of the disk. The file is sparse.
const SIZE: u64 = 64 << 20;

/// A disk.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    shared: bool,
}

impl Disk {
    /// Takes an image that many guests start from. What is written to it goes with each guest.
    pub fn shared(image: PathBuf) -> Self {
        Self {
            path: image,
            shared: true,
        }
    }

    /// Makes the file `path` a copy of an image, which stays over boots and goes with this value.
    pub fn copy(image: &Path, path: PathBuf) -> anyhow::Result<Self> {
        let disk = Self {
            path,
            shared: false,
        };
        // Nobody else keeps holes, and shares blocks where the file system can.
        let mut command = Command::new("cp");
        command.args(["--sparse=always", "--reflink=auto", "--"]);
        command.arg(image).arg(&disk.path);
        let output = process::output(command)?;
        if !output.status.success() {
            bail!(
                "failed to copy {} to {} ({}): {}",
                image.display(),
                disk.path.display(),
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(disk)
    }

    /// Makes the file `path`, with an empty file system that the program `mke2fs` makes. It stays over
    /// boots, and goes with this value.
    pub fn make(mut mke2fs: Command, path: PathBuf) -> anyhow::Result<Self> {
        File::create(&path)
            .and_then(|file| file.set_len(SIZE))
            .with_context(|| format!("failed to make the disk {}", path.display()))?;
        let disk = Self {
            path,
            shared: false,
        };
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

    /// Whether the file is not to be written to.
    pub fn is_shared(&self) -> bool {
        self.shared
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !self.shared {
            // One that stays behind takes place, and goes with the folder of the logs.
            let _ = fs::remove_file(&self.path);
        }
    }
}
