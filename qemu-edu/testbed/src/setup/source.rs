//! The kernel's source tree, unpacked from Debian's package.

use std::path::PathBuf;

use anyhow::Context;

use super::{build_root::BuildRoot, packages::KernelPackages, run, space};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    namespace::{self, Mount},
    ui::Ui,
};

/// Disk space that the tree takes, in bytes.
pub(super) const SPACE: u64 = 2_000_000_000;

/// An unpacked source tree.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its folder.
    pub tree: PathBuf,
    /// Its cache entry.
    pub entry: Entry,
}

/// Returns the source tree of `kernel`, unpacked if need be.
pub fn get(
    cache: &Cache,
    ui: &Ui,
    root: &BuildRoot,
    kernel: &KernelPackages,
) -> anyhow::Result<Source> {
    let key = Key::of("source").with("version", &kernel.version).build();
    let entry = cache.get(&key, ui, |folder| {
        space::require(folder, SPACE)?;
        let step = ui.step("kernel source");
        let tree = folder.join("tree");
        std::fs::create_dir(&tree)
            .with_context(|| format!("failed to create {}", tree.display()))?;
        let archive = format!("/usr/src/linux-source-{}.tar.xz", kernel.series);
        let mounts = [Mount::write(&tree, "/mnt/source")];
        let mut command = namespace::inside(&root.tree, &mounts, "tar");
        command.args([
            "--extract",
            "--xz",
            "--no-same-owner",
            "--strip-components=1",
        ]);
        command.args([
            "--directory=/mnt/source",
            "--checkpoint=2000",
            "--file",
            &archive,
        ]);
        command.env("XZ_DEFAULTS", "--threads=0");
        run::run(ui, &step, "tar", command, |line| step.message(line))?;
        step.finish(&kernel.version);
        Ok(Facts::new())
    })?;
    Ok(Source {
        tree: entry.path().join("tree"),
        entry,
    })
}
