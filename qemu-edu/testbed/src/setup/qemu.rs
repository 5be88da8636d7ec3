//! QEMU, of the same Debian release as the build root, whatever the machine runs.
//!
//! A machine's own QEMU may be too old: under version 7.2, with a processor of the host for each
//! of the guest's, the guest's kernel, which patches itself while it boots, was seen to end in an
//! oops (`int3`) at an instruction that it had replaced already. And one version everywhere makes
//! figures comparable.

use std::path::Path;

use super::{
    run,
    unpacked::{self, Unpacked},
};
use crate::{
    cache::{Cache, Entry},
    cli::Options,
    prepared::Qemu,
    ui::Ui,
};

const QEMU: Unpacked = Unpacked {
    kind: "qemu",
    name: "QEMU",
    packages: &["qemu-system-x86"],
    excluded: &[],
    space: 400_000_000,
    version,
};

/// Returns QEMU, with its cache entry, fetched if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<(Qemu, Entry)> {
    let entry = unpacked::get(options, cache, ui, &QEMU)?;
    let qemu = Qemu {
        tree: entry.path().join(unpacked::TREE),
        version: entry.fact(unpacked::VERSION)?.to_owned(),
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
