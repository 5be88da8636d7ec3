//! The repository that the testbed belongs to.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The repository's folders.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its top folder.
    pub root: PathBuf,
}

impl Workspace {
    /// Finds the repository: cargo says where this package is, now (with `cargo run`) or when
    /// it was built.
    pub fn find() -> anyhow::Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package
            .ancestors()
            .find(|folder| folder.join("driver/Kbuild").exists())
            .map(Path::to_owned)
            .with_context(|| {
                format!(
                    "no repository with driver/Kbuild holds {}; run `cargo testbed` in the \
                     repository",
                    package.display()
                )
            })?;
        Ok(Self { root })
    }

    /// Folder of the driver.
    pub fn driver(&self) -> PathBuf {
        self.root.join("driver")
    }
}
