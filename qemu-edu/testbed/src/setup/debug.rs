//! The debug kernel: Debian's source with a short configuration full of checks.

use std::{fs, path::PathBuf};

use anyhow::Context;

use super::{
    build_root::BuildRoot,
    config,
    kbuild::{self, Tree},
    kernel::{Builder, BuiltKernel},
    packages::KernelPackages,
    source::Source,
    space,
    workspace::Workspace,
};
use crate::{
    cache::{Cache, Facts, Key},
    prepared::Kernel,
    ui::Ui,
};

/// Disk space that the objects take, in bytes.
const SPACE: u64 = 1_200_000_000;

/// About how many files the build reports, for the progress bar of the first build.
const EXPECTED_FILES: u64 = 1900;

/// Name of the fact that keeps the true number for the next build.
const FILES_FACT: &str = "files";

/// Name of the fragment among the objects.
const FRAGMENT: &str = "wanted.config";

/// Returns the debug kernel, built if need be.
pub fn get(
    workspace: &Workspace,
    cache: &Cache,
    ui: &Ui,
    root: &BuildRoot,
    source: &Source,
    packages: &KernelPackages,
) -> anyhow::Result<BuiltKernel> {
    let fragment = workspace.root.join("qemu-edu/kernel/debug.config");
    let wanted = fs::read_to_string(&fragment)
        .with_context(|| format!("failed to read {}", fragment.display()))?;
    let upstream = packages.version.split('-').next().unwrap_or_default();
    let release = format!("{upstream}-irqcast-debug");
    let key = Key::of("kernel-debug")
        .with("version", &packages.version)
        .with("release", &release)
        .with("fragment", &wanted)
        .with("compilers", &root.compilers)
        .with("tools", kbuild::CLANG.join(" "))
        .build();
    let entry = cache.get(&key, ui, |folder| {
        space::require(folder, SPACE)?;
        let objects = folder.join("objects");
        fs::create_dir(&objects)
            .with_context(|| format!("failed to create {}", objects.display()))?;
        kbuild::copy(&fragment, &objects.join(FRAGMENT))?;
        let tree = Tree {
            root,
            source: &source.tree,
            objects: &objects,
            release: &release,
            tools: kbuild::CLANG,
        };
        let step = ui.step("configuration of the debug kernel");
        let all = format!("KCONFIG_ALLCONFIG={}/{FRAGMENT}", kbuild::OBJECTS);
        tree.run(ui, &step, &[&all, "allnoconfig"], 20)?;
        let missing = config::missing(
            &config::parse(&wanted),
            &config::read(&objects.join(".config"))?,
        );
        anyhow::ensure!(
            missing.is_empty(),
            "{}: the kernel's configuration does not accept {}; a dependency is missing, or the \
             option has gone",
            fragment.display(),
            missing.join(", ")
        );
        step.finish("every option asked for is set");

        let step = ui.step("debug kernel");
        let files = tree.run(ui, &step, &["bzImage", "modules"], expected_files(cache))?;
        step.finish(&format!("{release}, {files} files"));
        Ok(Facts::from([(FILES_FACT.to_owned(), files.to_string())]))
    })?;
    let objects = entry.path().join("objects");
    let image = objects.join("arch/x86/boot/bzImage");
    Ok(BuiltKernel {
        kernel: Kernel {
            name: "debug".to_owned(),
            release,
            image,
        },
        objects,
        source: PathBuf::from(&source.tree),
        builder: Builder::BuildRoot {
            tools: kbuild::CLANG.iter().map(ToString::to_string).collect(),
        },
        key,
        entry: Some(entry),
    })
}

/// Number of files that an earlier debug kernel took, or else an estimate.
fn expected_files(cache: &Cache) -> u64 {
    let earlier = cache
        .entries()
        .into_iter()
        .filter(|entry| entry.name().starts_with("kernel-debug-"))
        .filter_map(|entry| entry.fact(FILES_FACT).ok()?.parse().ok());
    earlier.max().unwrap_or(EXPECTED_FILES)
}
