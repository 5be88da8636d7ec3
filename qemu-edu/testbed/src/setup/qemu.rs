//! QEMU, of the same Debian release as the build root, whatever the machine runs.
//!
//! A machine's own QEMU may be too old. Before version 8.1, with a processor of the host for
//! each of the guest's, it could run an instruction that another processor had just replaced,
//! and the guest's kernel patches itself while it boots: one boot in some dozens ended in an
//! oops (`int3`). And one version everywhere makes figures comparable.

use std::path::Path;

use super::{
    apt,
    debian_tree::{self, Contents, Variant},
    mirror, run, space,
};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    cli::Options,
    namespace,
    prepared::Qemu,
    ui::Ui,
};

/// Packages of the tree.
const PACKAGES: [&str; 1] = ["qemu-system-x86"];

/// Disk space that the tree takes, in bytes, with the archives while they are unpacked.
pub(super) const SPACE: u64 = 400_000_000;

/// Returns QEMU, with its cache entry, fetched if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<(Qemu, Entry)> {
    let key = Key::of("qemu")
        .with("release", apt::RELEASE)
        .with("packages", PACKAGES.join(" "))
        .build();
    let entry = cache.get(&key, ui, |folder| {
        namespace::check_allowed()?;
        space::require(folder, SPACE)?;
        let step = ui.step("QEMU");
        let tree = folder.join("tree");
        debian_tree::make(
            ui,
            &step,
            &mirror::find(options)?,
            &Contents {
                variant: Variant::Unpacked,
                packages: PACKAGES.map(str::to_owned).to_vec(),
                suites: &[apt::RELEASE],
                excluded: &[],
            },
            &tree,
        )?;
        let version = version(&tree)?;
        step.finish(&version);
        Ok(Facts::from([("version".to_owned(), version)]))
    })?;
    let qemu = Qemu {
        tree: entry.path().join("tree"),
        version: entry.fact("version")?.to_owned(),
    };
    Ok((qemu, entry))
}

/// What the tree's QEMU says of itself, which also shows that it runs here.
fn version(tree: &Path) -> anyhow::Result<String> {
    let qemu = Qemu {
        tree: tree.to_owned(),
        version: String::new(),
    };
    let mut command = qemu.command();
    command.arg("--version");
    let text = run::text("QEMU", command)?;
    Ok(short(&text).to_owned())
}

/// `10.0.3` of `QEMU emulator version 10.0.3 (Debian 1:10.0.3+ds-0)`.
fn short(text: &str) -> &str {
    text.split_once("version ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .unwrap_or(text.trim())
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn version_is_read() {
        let text = "QEMU emulator version 10.0.3 (Debian 1:10.0.3+ds-0)\nCopyright …\n";
        assert_eq!(short(text), "10.0.3");
        assert_eq!(short("something else\n"), "something else");
    }
}
