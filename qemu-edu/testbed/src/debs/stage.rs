//! The folder that packages are made of.

use std::{fs, path::Path};

use anyhow::Context;

use super::{Version, programs::PROGRAMS};
use crate::setup::{Workspace, copy_driver};

/// Folders of the repository, and what they are called in the stage.
const FOLDERS: [(&str, &str); 3] = [
    ("udev", "."),
    ("daemon/sample", "sample"),
    ("daemon/ynl/specs", "specs"),
];

/// Puts everything into the empty folder `stage`.
pub fn fill(
    workspace: &Workspace,
    programs: &Path,
    version: &Version,
    stage: &Path,
) -> anyhow::Result<()> {
    for (from, to) in FOLDERS {
        copy_tree(&workspace.root.join(from), &stage.join(to))?;
    }
    copy_driver(&workspace.driver(), &stage.join("driver"))?;
    for program in PROGRAMS {
        let to = stage.join("programs");
        super::create(&to)?;
        copy(&programs.join(program), &to.join(program))?;
    }
    let debian = stage.join("debian");
    let control = debian.join("control");
    let text = fs::read_to_string(&control)
        .with_context(|| format!("failed to read {}", control.display()))?;
    let maintainer = text
        .lines()
        .find_map(|line| line.strip_prefix("Maintainer: "))
        .with_context(|| format!("{} names no maintainer", control.display()))?;
    let changelog = debian.join("changelog");
    fs::write(&changelog, version.changelog(maintainer)?)
        .with_context(|| format!("failed to write {}", changelog.display()))
}

/// Copies a folder with what it holds; of links, what they lead to.
fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    super::create(to)?;
    let items = fs::read_dir(from).with_context(|| format!("failed to list {}", from.display()))?;
    for item in items {
        let item = item.with_context(|| format!("failed to list {}", from.display()))?;
        let (path, target) = (item.path(), to.join(item.file_name()));
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            copy(&path, &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to)
        .map(|_| ())
        .with_context(|| format!("failed to copy {} to {}", from.display(), to.display()))
}
