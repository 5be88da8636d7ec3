//! The tree that Debian packages are made and judged in. It is fetched for that, and for nothing else.

use std::path::PathBuf;

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

/// Kind of the cache entry.
const KIND: &str = "packaging";

/// Packages.
const PACKAGES: [&str; 9] = [
    // What makes packages.
    "debhelper",
    "dh-dkms",
    "gcc",
    "libc6-dev",
    // What judges them, the unit and the rules, and the scripts.
    "gpg",
    "lintian",
    "shellcheck",
    "systemd",
    "udev",
];

/// Disk space that the tree takes, in bytes, with the archives while they are installed.
const SPACE: u64 = 1_500_000_000;

/// Name of its cache entry, whether it is there or not.
pub fn entry_name() -> String {
    key().name()
}

/// Returns the tree's root folder, made if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<PathBuf> {
    let entry = make(options, cache, ui)?;
    Ok(entry.path().join("tree"))
}

fn key() -> Key {
    Key::of(KIND)
        .with("release", apt::RELEASE)
        .with("packages", PACKAGES.join(" "))
        .build()
}

fn make(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<Entry> {
    cache.get(&key(), ui, |folder| {
        namespace::check_allowed()?;
        space::require(folder, SPACE)?;
        let step = ui.step("packaging tools");
        debian_tree::make(
            ui,
            &step,
            &mirror::find(options)?,
            &Contents {
                variant: Variant::Installed,
                packages: PACKAGES.iter().map(ToString::to_string).collect(),
                suites: &[apt::RELEASE],
                excluded: &[],
            },
            &folder.join("tree"),
        )?;
        step.finish(&format!("of Debian {}", apt::RELEASE));
        Ok(Facts::new())
    })
}
