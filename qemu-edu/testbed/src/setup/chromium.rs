//! Chromium, for the test of the page that the benchmark writes. It is fetched when that test
//! is run, and for nothing else.

use std::path::{Path, PathBuf};

use super::{
    apt,
    unpacked::{self, Unpacked},
};
use crate::{cache::Cache, cli::Options, ui::Ui};

const CHROMIUM: Unpacked = Unpacked {
    kind: "chromium",
    name: "Chromium",
    // A browser without windows, one family of fonts, and the folders that each Debian system
    // has.
    packages: &["base-files", "chromium-headless-shell", "fonts-dejavu-core"],
    // What draws with a graphics card. Half of the tree otherwise, and never used.
    excluded: &[
        "/usr/lib/chromium/libVkLayer*",
        "/usr/lib/x86_64-linux-gnu/libLLVM*",
        "/usr/lib/x86_64-linux-gnu/libgallium*",
        "/usr/lib/x86_64-linux-gnu/libz3*",
    ],
    space: 700_000_000,
    version,
};

/// The browser, as [`crate::namespace::inside`] the tree sees it.
pub const PROGRAM: &str = "/usr/lib/chromium/chromium-headless-shell";

/// Name of its cache entry, whether it is there or not.
pub fn entry_name() -> String {
    unpacked::key(&CHROMIUM).name()
}

/// Returns the root folder of a Debian tree with [`PROGRAM`], fetched if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<PathBuf> {
    let entry = unpacked::get(options, cache, ui, &CHROMIUM)?;
    Ok(entry.path().join(unpacked::TREE))
}

/// Says where it comes from. It is not asked for its version: it runs only inside the tree.
fn version(tree: &Path) -> anyhow::Result<String> {
    let program = tree.join(PROGRAM.trim_start_matches('/'));
    anyhow::ensure!(program.exists(), "{} was not unpacked", program.display());
    Ok(format!("of Debian {}", apt::RELEASE))
}
