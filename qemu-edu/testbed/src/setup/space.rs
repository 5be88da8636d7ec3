//! Free disk space.

use std::path::Path;

use anyhow::Context;
use nix::sys::statvfs::statvfs;

use crate::cache::human_size;

/// Fails if the file system that holds `folder` has less than `needed` bytes free.
pub fn require(folder: &Path, needed: u64) -> anyhow::Result<()> {
    let free = free(folder)?;
    anyhow::ensure!(
        free >= needed,
        "there is too little disk space: {} are free where {} is, and {} are needed; free some \
         (`cargo testbed setup --prune` removes what older set-ups left), or name a cache folder \
         on another disk with --cache-dir",
        human_size(free),
        folder.parent().unwrap_or(folder).display(),
        human_size(needed)
    );
    Ok(())
}

fn free(folder: &Path) -> anyhow::Result<u64> {
    let status = statvfs(folder)
        .with_context(|| format!("failed to ask for the free space of {}", folder.display()))?;
    Ok(status.blocks_available() * status.fragment_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_space_is_said_with_both_figures() {
        let folder = tempfile::tempdir().unwrap();
        require(folder.path(), 1).unwrap();
        let error = require(folder.path(), u64::MAX).unwrap_err().to_string();
        assert!(
            error.contains("are free") && error.contains("--cache-dir"),
            "{error}"
        );
    }
}
