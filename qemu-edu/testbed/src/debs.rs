//! Debian packages of the project, made in a tree of Debian's own tools: debhelper writes the maintainer
//! scripts and finds out what a program depends on.
//!
//! What goes into them is staged in a folder first, beside `udev/` and its `debian/`. The same commit gives
//! the same packages, to the byte.

pub mod dkms;
mod programs;
mod stage;
mod version;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

pub use self::version::Version;
use crate::{
    cache,
    namespace::{self, Mount},
    setup::{Workspace, run_program},
    ui::Ui,
};

/// Where the staged source is seen in the tree. Its parent gets the packages.
const SOURCE: &str = "/usr/src/packages/irqcast";

/// Names of the packages, in the order of [`Debs`].
const NAMES: [&str; 2] = ["irqcastd", "irqcast-dkms"];

/// What is run when the driver's package is installed, beside what is in `driver/`.
const SCRIPTS: [&str; 3] = [
    "udev/debian/irqcast-dkms.dkms",
    "udev/debian/irqcast-dkms.postinst",
    "udev/debian/rules",
];

/// The packages.
#[derive(Debug, Clone)]
pub struct Debs {
    /// The daemon and irqcastctl.
    pub daemon: PathBuf,
    /// The driver's source.
    pub dkms: PathBuf,
}

impl Debs {
    /// Both files.
    pub fn files(&self) -> [&Path; 2] {
        [&self.daemon, &self.dkms]
    }
}

/// Makes the packages of this version in `folder`, with the tools in `tree`.
pub fn build(
    workspace: &Workspace,
    tree: &Path,
    version: &Version,
    folder: &Path,
    ui: &Ui,
) -> anyhow::Result<Debs> {
    let work = workspace.root.join("target/package");
    let programs = programs::build(workspace, tree, &work, ui)?;
    let step = ui.step("packages");
    let made = work.join("made");
    if made.exists() {
        cache::remove_tree(&made)?;
    }
    let stage = made.join("irqcast");
    create(&stage)?;
    stage::fill(workspace, &programs, version, &stage)?;
    let mounts = [Mount::write(&made, parent(SOURCE))];
    let mut command = namespace::inside(tree, &mounts, "sh");
    command.args(["-c", BUILD, "build", SOURCE]);
    command.env("DEB_BUILD_OPTIONS", "noautodbgsym");
    run_program(ui, &step, "dpkg-buildpackage", command, |line| {
        step.message(line.trim())
    })?;
    create(folder)?;
    let [daemon, dkms] = NAMES.map(|name| take(&made, name, folder));
    step.finish(version.text());
    Ok(Debs {
        daemon: daemon?,
        dkms: dkms?,
    })
}

/// Writes manual pages and completions with the staged programs, which run on the tree's own system, and
/// then makes the packages.
const BUILD: &str = "\
set -eu
umask 022
cd \"$1\"
for program in irqcastd irqcastctl; do
    programs/$program generate man man
    programs/$program generate completions completions
done
exec dpkg-buildpackage --build=binary --no-sign --no-check-builddeps";

/// Moves the package called `name` from `made` to `folder`.
fn take(made: &Path, name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let items = fs::read_dir(made).with_context(|| format!("failed to list {}", made.display()))?;
    let file = items
        .flatten()
        .map(|item| item.path())
        .find(|path| is_package(path, name))
        .with_context(|| format!("no package {name} was made in {}", made.display()))?;
    let target = folder.join(file.file_name().unwrap_or_default());
    fs::copy(&file, &target)
        .with_context(|| format!("failed to copy {} to {}", file.display(), target.display()))?;
    Ok(target)
}

fn is_package(path: &Path, name: &str) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.strip_prefix(name)
        .is_some_and(|rest| rest.starts_with('_') && rest.ends_with(".deb"))
}

fn create(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))
}

fn parent(path: &str) -> &Path {
    let path = Path::new(path);
    path.parent().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_is_told_apart_by_its_name() {
        let is = |file: &str| is_package(Path::new(file), "irqcastd");
        assert!(is("/x/irqcastd_0.1.0_amd64.deb"));
        assert!(!is("/x/irqcastd-dbgsym_0.1.0_amd64.deb"));
        assert!(!is("/x/irqcastd_0.1.0_amd64.buildinfo"));
    }
}
