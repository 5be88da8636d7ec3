//! The build root: a small Debian tree with the compilers that Debian's kernel was built with,
//! the kernel's packages, and what a guest borrows (busybox, Python).

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{apt, mirror, packages::KernelPackages, run, source, space, stock};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    cli::Options,
    namespace,
    ui::{Step, Ui},
};

/// Packages beside those of the kernel.
const PACKAGES: [&str; 28] = [
    // What a kernel build calls.
    "bc",
    "bindgen",
    "binutils",
    "bison",
    "clang",
    "cpio",
    "flex",
    "gcc",
    "gcc-14",
    "kmod",
    "libc6-dev",
    "libdw-dev",
    "libelf-dev",
    "libssl-dev",
    "lld",
    "llvm",
    "make",
    "openssl",
    "rust-clippy",
    "rust-src",
    "rustc",
    "rustfmt",
    "xz-utils",
    "zstd",
    // What a guest borrows, and the kernel's YNL client.
    "busybox-static",
    "python3",
    "python3-jsonschema",
    "python3-yaml",
];

/// Files that nobody reads there.
const EXCLUDED: [&str; 3] = [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
];

/// Disk space that the tree takes, in bytes, with the archives while they are installed.
const SPACE: u64 = 2_300_000_000;

/// Packages whose versions decide whether something built with an older tree can still be used.
const COMPILERS: [&str; 5] = ["gcc-14", "clang-19", "binutils", "rustc", "bindgen"];

/// The build root of one kernel version.
#[derive(Debug, Clone)]
pub struct BuildRoot {
    /// Root folder of the tree.
    pub tree: PathBuf,
    /// Its cache entry.
    pub entry: Entry,
    /// Identifies everything that its compilers make.
    pub compilers: String,
}

/// Returns the build root for `kernel`, made if need be.
pub fn get(
    options: &Options,
    cache: &Cache,
    ui: &Ui,
    kernel: &KernelPackages,
) -> anyhow::Result<BuildRoot> {
    let key = Key::of("root")
        .with("release", apt::RELEASE)
        .with("packages", PACKAGES.join(" "))
        .with("kernel", kernel.names.join(" "))
        .with("version", &kernel.version)
        .build();
    let entry = cache.get(&key, ui, |folder| {
        namespace::check_allowed()?;
        // The steps that follow it take space too: better to know before the long work.
        space::require(folder, SPACE + source::SPACE + stock::SPACE)?;
        let step = ui.step("build root");
        let tree = folder.join("tree");
        let mirror = mirror::find(options)?;
        bootstrap(ui, &step, &mirror, kernel, &tree)?;
        let compilers = compilers(&tree)?;
        step.finish(&format!("Debian {} with {compilers}", apt::RELEASE));
        Ok(Facts::from([("compilers".to_owned(), compilers)]))
    })?;
    let compilers = entry.fact("compilers")?.to_owned();
    Ok(BuildRoot {
        tree: entry.path().join("tree"),
        entry,
        compilers,
    })
}

fn bootstrap(
    ui: &Ui,
    step: &Step<'_>,
    mirror: &str,
    kernel: &KernelPackages,
    tree: &Path,
) -> anyhow::Result<()> {
    let mut include = PACKAGES.join(",");
    for name in &kernel.names {
        include.push_str(&format!(",{name}={}", kernel.version));
    }
    let mut command = namespace::isolated("mmdebstrap");
    command.args([
        "--mode=root",
        "--variant=essential",
        "--format=directory",
        "--verbose",
    ]);
    command.args(["--architectures=amd64", &format!("--include={include}")]);
    command.arg("--aptopt=APT::Install-Recommends \"false\"");
    for name in apt::NEVER {
        command.arg(format!("--aptopt={name} \"false\""));
    }
    for setting in apt::kept_settings()? {
        command.arg(format!("--aptopt={setting}"));
    }
    for pattern in EXCLUDED {
        command.arg(format!("--dpkgopt=path-exclude={pattern}"));
    }
    // The tree counts only once it is whole and on the disk, so dpkg need not wait for the disk.
    command.arg("--dpkgopt=force-unsafe-io");
    command.arg(apt::RELEASE).arg(tree);
    for suite in [apt::RELEASE, apt::KERNEL_SUITE] {
        command.arg(apt::source_line(mirror, suite)?);
    }
    command.env("LC_ALL", "C.UTF-8").env_remove("APT_CONFIG");
    let mut progress = Progress::default();
    run::run(ui, step, "mmdebstrap", command, |line| {
        progress.line(line, step)
    })?;
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

/// Versions of the compilers in the tree, in one line.
fn compilers(tree: &Path) -> anyhow::Result<String> {
    let mut command = namespace::inside(tree, &[], "dpkg-query");
    command
        .args(["--show", "--showformat=${Package} ${Version}, "])
        .args(COMPILERS);
    let text = run::text("dpkg-query", command).context("the build root is not as expected")?;
    Ok(text.trim_end_matches([',', ' ']).to_owned())
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
