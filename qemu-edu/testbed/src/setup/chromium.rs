//! Chromium, for the test of the page that the benchmark writes. It is fetched when that test
//! is run, and for nothing else.

use std::path::PathBuf;

use super::{
    apt,
    debian_tree::{self, Contents, Variant},
    mirror, space,
};
use crate::{
    cache::{Cache, Facts, Key},
    cli::Options,
    namespace,
    ui::Ui,
};

/// Packages of the tree: a browser without windows, one family of fonts, and the folders that
/// each Debian system has.
const PACKAGES: [&str; 3] = ["base-files", "chromium-headless-shell", "fonts-dejavu-core"];

/// What draws with a graphics card. Half of the tree otherwise, and never used.
const EXCLUDED: [&str; 4] = [
    "/usr/lib/chromium/libVkLayer*",
    "/usr/lib/x86_64-linux-gnu/libLLVM*",
    "/usr/lib/x86_64-linux-gnu/libgallium*",
    "/usr/lib/x86_64-linux-gnu/libz3*",
];

/// Disk space that the tree takes, in bytes, with the archives while they are unpacked.
const SPACE: u64 = 700_000_000;

/// The browser, as [`namespace::inside`] the tree sees it.
pub const PROGRAM: &str = "/usr/lib/chromium/chromium-headless-shell";

/// Returns the root folder of a Debian tree with [`PROGRAM`], fetched if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<PathBuf> {
    let key = Key::of("chromium")
        .with("release", apt::RELEASE)
        .with("packages", PACKAGES.join(" "))
        .with("excluded", EXCLUDED.join(" "))
        .build();
    let entry = cache.get(&key, ui, |folder| {
        namespace::check_allowed()?;
        space::require(folder, SPACE)?;
        let step = ui.step("Chromium");
        debian_tree::make(
            ui,
            &step,
            &mirror::find(options)?,
            &Contents {
                variant: Variant::Unpacked,
                packages: PACKAGES.map(str::to_owned).to_vec(),
                suites: &[apt::RELEASE],
                excluded: &EXCLUDED,
            },
            &folder.join("tree"),
        )?;
        step.finish("");
        Ok(Facts::new())
    })?;
    Ok(entry.path().join("tree"))
}
