//! Programs of Debian packages that are unpacked, not installed, and started from outside.

use std::path::Path;

use super::{
    apt,
    debian_tree::{self, Contents, Variant},
    mirror, space,
};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    cli::Options,
    namespace,
    ui::Ui,
};

/// Name of the fact that says which program was unpacked.
pub const VERSION: &str = "version";

/// Packages that are unpacked together.
pub struct Unpacked {
    /// Kind of the cache entry.
    pub kind: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Packages.
    pub packages: &'static [&'static str],
    /// Patterns of files that are left out.
    pub excluded: &'static [&'static str],
    /// Disk space that the tree takes, in bytes, with the archives while they are unpacked.
    pub space: u64,
    /// Makes sure that the program is there, and says which it is.
    pub version: fn(&Path) -> anyhow::Result<String>,
}

/// Name of the tree in the cache entry.
pub const TREE: &str = "tree";

/// The key of the entry.
pub fn key(wanted: &Unpacked) -> Key {
    Key::of(wanted.kind)
        .with("release", apt::RELEASE)
        .with("packages", wanted.packages.join(" "))
        .with("excluded", wanted.excluded.join(" "))
        .build()
}

/// Returns the entry with a [`TREE`] of the packages, fetched if need be, and its [`VERSION`].
pub fn get(options: &Options, cache: &Cache, ui: &Ui, wanted: &Unpacked) -> anyhow::Result<Entry> {
    cache.get(&key(wanted), ui, |folder| {
        namespace::check_allowed()?;
        space::require(folder, wanted.space)?;
        let step = ui.step(wanted.name);
        let tree = folder.join(TREE);
        debian_tree::make(
            ui,
            &step,
            &mirror::find(options)?,
            &Contents {
                variant: Variant::Unpacked,
                packages: wanted.packages.iter().map(ToString::to_string).collect(),
                suites: &[apt::RELEASE],
                excluded: wanted.excluded,
            },
            &tree,
        )?;
        let version = (wanted.version)(&tree)?;
        step.finish(&version);
        Ok(Facts::from([(VERSION.to_owned(), version)]))
    })
}
