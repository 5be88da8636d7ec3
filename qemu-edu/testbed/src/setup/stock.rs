//! Debian's own kernel, unmodified, and what its headers package lacks for a Rust module.
//!
//! The headers come without the compiled metadata of the kernel's Rust crates. It is made here
//! from the same source, configuration and compilers; nothing of it goes into the kernel.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{
    build_root::BuildRoot,
    config,
    kbuild::{self, Tree},
    kernel::{Builder, BuiltKernel},
    packages::KernelPackages,
    source::Source,
    space,
};
use crate::{
    cache::{Cache, Facts, Key},
    prepared::Kernel,
    ui::Ui,
};

/// Disk space that the objects take, in bytes.
pub(super) const SPACE: u64 = 500_000_000;

/// About how many files `make modules_prepare` reports, for the progress bar.
const EXPECTED_FILES: u64 = 215;

/// Returns the stock kernel, made ready for Rust modules if need be.
pub fn get(
    cache: &Cache,
    ui: &Ui,
    root: &BuildRoot,
    source: &Source,
    packages: &KernelPackages,
) -> anyhow::Result<BuiltKernel> {
    let release = &packages.release;
    let key = Key::of("kernel-stock")
        .with("version", &packages.version)
        .with("release", release)
        .with("compilers", &root.compilers)
        .with("tools", kbuild::GCC.join(" "))
        .build();
    let image = image(&root.tree, release)?;
    let entry = cache.get(&key, ui, |folder| {
        space::require(folder, SPACE)?;
        let step = ui.step("Rust metadata of the stock kernel");
        let objects = folder.join("objects");
        fs::create_dir(&objects)
            .with_context(|| format!("failed to create {}", objects.display()))?;
        let headers = root.tree.join(format!("usr/src/linux-headers-{release}"));
        kbuild::copy(&headers.join(".config"), &objects.join(".config"))?;
        let tree = Tree {
            root,
            source: &source.tree,
            objects: &objects,
            release,
            tools: kbuild::GCC,
        };
        tree.run(ui, &step, &["olddefconfig"], EXPECTED_FILES)?;
        check_config(ui, &headers.join(".config"), &objects.join(".config"))?;
        tree.run(ui, &step, &["modules_prepare"], EXPECTED_FILES)?;
        kbuild::copy(
            &headers.join("Module.symvers"),
            &objects.join("Module.symvers"),
        )?;
        step.finish(release);
        Ok(Facts::new())
    })?;
    Ok(BuiltKernel {
        kernel: Kernel {
            name: "stock".to_owned(),
            release: release.clone(),
            image,
        },
        objects: entry.path().join("objects"),
        source: source.tree.clone(),
        builder: Builder::BuildRoot {
            tools: kbuild::GCC.iter().map(ToString::to_string).collect(),
        },
        key,
        entry: Some(entry),
    })
}

/// Finds the image in the build root: where it is depends on which package it came in.
fn image(root: &Path, release: &str) -> anyhow::Result<PathBuf> {
    let places = [
        format!("usr/lib/modules/{release}/vmlinuz.unsigned"),
        format!("usr/lib/modules/{release}/vmlinuz"),
        format!("boot/vmlinuz-{release}"),
    ];
    let found = places
        .iter()
        .map(|place| root.join(place))
        .find(|path| path.exists());
    found.with_context(|| {
        format!(
            "the build root {} holds no image of Linux {release} (looked for {})",
            root.display(),
            places.join(", ")
        )
    })
}

/// Makes sure that the compilers did not change the configuration: modules built with another
/// one would not fit the kernel.
fn check_config(ui: &Ui, debian: &Path, made: &Path) -> anyhow::Result<()> {
    let changes = config::differences(&config::read(debian)?, &config::read(made)?);
    // These name the compilers' exact versions. Debian may update a compiler after it built
    // the kernel; that alone does no harm.
    let (versions, others): (Vec<_>, Vec<_>) = changes
        .into_iter()
        .partition(|change| change.contains("_VERSION"));
    for change in versions {
        ui.log_line(&format!(
            "compiler changed since Debian built the kernel: {change}"
        ));
    }
    anyhow::ensure!(
        others.is_empty(),
        "Debian's kernel was configured in a way that the build root cannot repeat; modules built \
         here would not fit it: {}",
        others.join(", ")
    );
    Ok(())
}
