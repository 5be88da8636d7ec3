//! Trees of Debian packages, made with mmdebstrap from the archive of one release.

use std::path::Path;

use super::{apt, run};
use crate::{
    namespace,
    ui::{Step, Ui},
};

/// Files that nobody reads there.
const EXCLUDED: [&str; 3] = [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
];

/// How much of a Debian system a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Packages are installed, so the tree can be entered and its programs run in it.
    Installed,
    /// Packages are unpacked and nothing of them runs, which is quicker. For programs that
    /// are started from outside.
    Unpacked,
}

/// What a tree holds.
#[derive(Debug)]
pub struct Contents<'a> {
    /// How much of a system it is.
    pub variant: Variant,
    /// Packages, as `NAME` or `NAME=VERSION`. What they depend on comes with them.
    pub packages: Vec<String>,
    /// Suites of the archive that they may come from.
    pub suites: &'a [&'a str],
    /// Patterns of paths that are left out, beside documentation and translations.
    pub excluded: &'a [&'a str],
}

impl Contents<'_> {
    /// An installed system with these packages, and those of a kernel, which its own suite has.
    pub fn with_kernel(packages: &[&str], of_kernel: impl Iterator<Item = String>) -> Self {
        let packages = packages.iter().map(ToString::to_string);
        Self {
            variant: Variant::Installed,
            packages: packages.chain(of_kernel).collect(),
            suites: &[apt::RELEASE, apt::KERNEL_SUITE],
            excluded: &[],
        }
    }
}

/// Makes the folder `tree` a Debian tree with `contents`, fetched from `mirror`. All in it belongs to
/// the person.
pub fn make(
    ui: &Ui,
    step: &Step<'_>,
    mirror: &str,
    contents: &Contents<'_>,
    tree: &Path,
) -> anyhow::Result<()> {
    make_with_owners(ui, step, mirror, contents, tree)?;
    if namespace::is_root() {
        return Ok(());
    }
    // Some files belong to subordinate users now, and a plain `rm -r` of the cache would fail.
    let mut command = namespace::isolated("chown");
    command
        .args(["--no-dereference", "--recursive", "0:0"])
        .arg(tree);
    run::run(ui, step, "chown", command, |_| {})
}

/// The same, but the files belong to whom their packages give them: without root, to subordinate
/// users. [`crate::namespace::isolate`] sees them as a system would.
pub fn make_with_owners(
    ui: &Ui,
    step: &Step<'_>,
    mirror: &str,
    contents: &Contents<'_>,
    tree: &Path,
) -> anyhow::Result<()> {
    let variant = match contents.variant {
        Variant::Installed => "--variant=essential",
        Variant::Unpacked => "--variant=extract",
    };
    let mut command = namespace::isolated("mmdebstrap");
    command.args(["--mode=root", variant, "--format=directory", "--verbose"]);
    command.arg("--architectures=amd64");
    command.arg(format!("--include={}", contents.packages.join(",")));
    command.arg("--aptopt=APT::Install-Recommends \"false\"");
    for name in apt::NEVER {
        command.arg(format!("--aptopt={name} \"false\""));
    }
    for setting in apt::kept_settings()? {
        command.arg(format!("--aptopt={setting}"));
    }
    for pattern in EXCLUDED.iter().chain(contents.excluded) {
        command.arg(format!("--dpkgopt=path-exclude={pattern}"));
    }
    // The tree counts only once it is whole and on the disk, so dpkg need not wait for the disk.
    command.arg("--dpkgopt=force-unsafe-io");
    command.arg(apt::RELEASE).arg(tree);
    for suite in contents.suites {
        command.arg(apt::source_line(mirror, suite)?);
    }
    command.env("LC_ALL", "C.UTF-8").env_remove("APT_CONFIG");
    let mut progress = Progress::default();
    run::run(ui, step, "mmdebstrap", command, |line| {
        progress.line(line, step)
    })
}

/// Follows apt and dpkg: each package is fetched, unpacked and set up.
#[derive(Debug, Default)]
struct Progress {
    packages: u64,
    done: u64,
}

impl Progress {
    fn line(&mut self, line: &str, step: &Step<'_>) {
        if let Some(total) = newly_installed(line) {
            self.packages = self.packages.max(total);
            self.done = 0;
            step.set_length(3 * self.packages);
        } else if let Some(message) = line.strip_prefix("I: ") {
            step.message(message);
        } else if self.packages > 0
            && ["Get:", "Unpacking ", "Setting up "]
                .iter()
                .any(|word| line.starts_with(word))
        {
            self.done += 1;
            step.set_position(self.done.min(3 * self.packages));
            step.message(line);
        }
    }
}

/// Reads `0 upgraded, 158 newly installed, …`.
fn newly_installed(line: &str) -> Option<u64> {
    line.split_once(" newly installed")?
        .0
        .rsplit(' ')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_of_packages_is_read() {
        let line = "0 upgraded, 158 newly installed, 0 to remove and 0 not upgraded.";
        assert_eq!(newly_installed(line), Some(158));
        assert_eq!(newly_installed("Setting up make (4.4.1-2) ..."), None);
    }
}
