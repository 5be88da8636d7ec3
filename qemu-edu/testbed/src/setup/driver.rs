//! The driver, the benchmark's C twin of it, and a second driver on its core, built for one kernel.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{build_root::BuildRoot, kbuild, kernel::BuiltKernel, run, workspace::Workspace};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    own_driver::OwnDriver,
    prepared::Driver,
    ui::Ui,
};

/// A module that there is the source of.
pub struct Module {
    /// The folder of its source.
    pub folder: PathBuf,
    /// Its name.
    pub name: String,
    /// What it is called in messages.
    what: String,
    /// Kinds of its cache entries: for the stock kernel, the debug kernel, and others. A kind
    /// for each, so that the module for one does not count as an older version of the module
    /// for another.
    kinds: [&'static str; 3],
}

impl Module {
    /// The driver.
    pub fn edu(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.driver(),
            name: "irqcast_edu".to_owned(),
            what: "driver".to_owned(),
            kinds: ["driver-stock", "driver-debug", "driver-custom"],
        }
    }

    /// A person's own driver.
    pub fn own(driver: &OwnDriver) -> Self {
        Self {
            folder: driver.folder.clone(),
            name: driver.module.clone(),
            what: format!("driver {}", driver.module),
            kinds: OWN_KINDS,
        }
    }

    /// Its twin in C.
    pub fn twin(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.root.join("tests/twin"),
            name: "irqcast_twin".to_owned(),
            what: "C twin of the driver".to_owned(),
            kinds: ["twin-stock", "twin-debug", "twin-custom"],
        }
    }

    /// The driver of another device, on the same core.
    pub fn e1000(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.root.join("tests/e1000"),
            name: "irqcast_e1000".to_owned(),
            what: "driver of e1000".to_owned(),
            kinds: ["e1000-stock", "e1000-debug", "e1000-custom"],
        }
    }
}

/// Kinds of the cache entries of persons' own drivers.
pub const OWN_KINDS: [&str; 3] = ["own-stock", "own-debug", "own-custom"];

/// Endings of files that a build by hand leaves beside the source.
const ARTEFACTS: [&str; 9] = [
    "_generated.rs",
    ".ko",
    ".o",
    ".mod",
    ".mod.c",
    ".order",
    ".symvers",
    ".a",
    "rust-project.json",
];

/// Returns the module for `kernel`, built if its source or the kernel changed, and its cache entry.
pub fn get(
    module: &Module,
    cache: &Cache,
    ui: &Ui,
    root: &BuildRoot,
    kernel: &BuiltKernel,
) -> anyhow::Result<(Driver, Entry)> {
    let folder = &module.folder;
    let files = source_files(folder)?;
    let file = format!("{}.ko", module.name);
    let [stock, debug, custom] = module.kinds;
    let kind = match kernel.kernel.name.as_str() {
        "stock" => stock,
        "debug" => debug,
        _ => custom,
    };
    let key = Key::of(kind)
        .with_key(&kernel.key)
        .with_files(folder, &files)?
        .build();
    let entry = cache.get(&key, ui, |entry| {
        let step = ui.step(&format!("{} for {}", module.what, kernel.kernel.release));
        let (source, output) = (entry.join("source"), entry.join("output"));
        copy_files(folder, &files, &source)?;
        fs::create_dir(&output)
            .with_context(|| format!("failed to create {}", output.display()))?;
        let mut make = kernel.module_make(root, &source, &output, false);
        make.command.arg("-C").arg(&make.objects);
        make.command.arg(format!("M={}", make.module.display()));
        make.command.arg(format!("MO={}", make.output.display()));
        make.command.arg("modules");
        run::run(ui, &step, "make modules", make.command, |line| {
            // The others name folders that mean nothing outside the build root.
            if line.starts_with("  ") {
                step.message(line.trim());
            }
        })?;
        anyhow::ensure!(
            output.join(&file).exists(),
            "the build in {} made no {}; does its Kbuild still name it?",
            folder.display(),
            file
        );
        step.finish(&file);
        Ok(Facts::from([(
            "kernel".to_owned(),
            kernel.kernel.release.clone(),
        )]))
    })?;
    let driver = Driver {
        name: module.name.clone(),
        module: entry.path().join("output").join(file),
    };
    Ok((driver, entry))
}

/// Copies the source of a driver, without what builds by hand left there, to the new folder `to`. A
/// link becomes what it leads to.
pub fn copy_source(driver: &Path, to: &Path) -> anyhow::Result<()> {
    copy_files(driver, &source_files(driver)?, to)
}

/// Files of a driver's source below `folder`, relative to it, in a fixed order.
pub fn source_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(folder, Path::new(""), &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(base: &Path, below: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let folder = base.join(below);
    let items =
        fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
    for item in items {
        let item = item.with_context(|| format!("failed to list {}", folder.display()))?;
        let name = item.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('.') || ARTEFACTS.iter().any(|ending| text.ends_with(ending)) {
            continue;
        }
        let path = below.join(&name);
        if item.path().is_dir() {
            collect(base, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn copy_files(from: &Path, files: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    for file in files {
        let target = to.join(file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to create {}", folder.display()))?;
        }
        kbuild::copy(&from.join(file), &target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artefacts_are_no_source() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "Kbuild",
            "a.rs",
            "core/b.rs",
            "a.o",
            ".a.o.cmd",
            "x.ko",
            "x.mod.c",
            "y_generated.rs",
            "modules.order",
            "Module.symvers",
            "rust-project.json",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let files = source_files(folder.path()).unwrap();
        assert_eq!(files, ["Kbuild", "a.rs", "core/b.rs"].map(PathBuf::from));
        let copy = folder.path().join("copy");
        copy_files(folder.path(), &files, &copy).unwrap();
        assert_eq!(
            fs::read_to_string(copy.join("core/b.rs")).unwrap(),
            "core/b.rs"
        );
    }
}
