//! What the machine itself has to have, and installing it.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::{apt, run};
use crate::{cache::Cache, namespace, process, ui::Ui};

/// Something that the testbed needs on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prerequisite {
    /// Program, or a short description.
    name: &'static str,
    /// Debian package that has it.
    package: &'static str,
}

impl fmt::Display for Prerequisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == self.package {
            f.write_str(self.name)
        } else {
            write!(f, "{} (package {})", self.name, self.package)
        }
    }
}

/// Programs that are looked for in PATH, with their Debian packages.
const PROGRAMS: [(&str, &str); 4] = [
    ("mmdebstrap", "mmdebstrap"),
    ("unshare", "util-linux"),
    ("mount", "mount"),
    ("cc", "gcc"),
];

/// Where the C library for static programs may be.
const STATIC_LIBC: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/libc.a",
    "/usr/lib64/libc.a",
    "/usr/lib/libc.a",
];

/// Makes sure that all is there: as root on Debian it installs what is missing, otherwise it
/// fails and prints the command that does.
pub fn ensure(cache: &Cache, ui: &Ui) -> anyhow::Result<()> {
    anyhow::ensure!(
        std::env::consts::ARCH == "x86_64",
        "the testbed runs on x86-64 machines only, and this is {}",
        std::env::consts::ARCH
    );
    let path = search_path();
    let missing = missing(&path);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let packages: Vec<_> = missing.iter().map(|missing| missing.package).collect();
    let arguments = format!("install --no-install-recommends {}", packages.join(" "));
    if find(&path, "apt-get").is_none() {
        anyhow::bail!(
            "this machine lacks {names}; there is no apt-get here to install it with: install \
             it with your system's package manager and run the command again"
        );
    }
    if !namespace::is_root() {
        anyhow::bail!(
            "this machine lacks {names}; run this command, and then the testbed again:\n  \
             sudo apt-get {arguments}"
        );
    }
    let _lock = cache.lock("apt", ui)?;
    ui.note(&format!("this machine lacks {names}"));
    install(ui, &packages)?;
    let still = self::missing(&path);
    anyhow::ensure!(
        still.is_empty(),
        "`apt-get {arguments}` went well, but {} is still not found",
        still
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(())
}

/// Folders in which programs are looked for.
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    // Without root, PATH often lacks these; programs there are not started by us directly.
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders
}

fn find(path: &[PathBuf], program: &str) -> Option<PathBuf> {
    path.iter()
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn missing(path: &[PathBuf]) -> Vec<Prerequisite> {
    let mut programs = PROGRAMS.to_vec();
    if !namespace::is_root() {
        programs.push(("newuidmap", "uidmap"));
    }
    let mut missing: Vec<_> = programs
        .into_iter()
        .filter(|(name, _)| find(path, name).is_none())
        .map(|(name, package)| Prerequisite { name, package })
        .collect();
    let mut need = |there: bool, name, package| {
        if !there {
            missing.push(Prerequisite { name, package });
        }
    };
    need(
        apt::keyring().is_some(),
        "debian-archive-keyring",
        "debian-archive-keyring",
    );
    need(
        STATIC_LIBC.iter().any(|file| Path::new(file).exists()),
        "the static C library",
        "libc6-dev",
    );
    missing
}

fn install(ui: &Ui, packages: &[&str]) -> anyhow::Result<()> {
    let step = ui.step(&format!("installing {} with apt", packages.join(", ")));
    let attempt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(["-y", "-q", "-o", "DPkg::Lock::Timeout=300"])
            .args(arguments);
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C.UTF-8");
        // Stopped half-way, dpkg would leave the machine to be repaired by hand.
        run::run_to_the_end(ui, &step, "apt-get", command)
    };
    let install = [&["install", "--no-install-recommends"], packages].concat();
    // Without package lists, or with old ones, it fails at once; then they are fetched.
    if let Err(error) = attempt(&install) {
        process::check()?;
        ui.log_line(&format!("{error:#}"));
        attempt(&["update"])?;
        attempt(&install).context("the packages that the testbed needs cannot be installed")?;
    }
    step.finish("");
    process::check()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_are_not_in_path_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("unshare"), "").unwrap();
        let missing = missing(&[folder.path().to_owned()]);
        let names: Vec<_> = missing.iter().map(|missing| missing.name).collect();
        assert!(names.contains(&"mmdebstrap") && names.contains(&"cc"));
        assert!(!names.contains(&"unshare"));
        let compiler = missing.iter().find(|missing| missing.name == "cc");
        assert_eq!(compiler.unwrap().to_string(), "cc (package gcc)");
    }
}
