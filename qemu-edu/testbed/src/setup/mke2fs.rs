//! `mke2fs`, which makes the file systems of guests' disks. It is fetched when a test needs one, and
//! for nothing else.

use std::{path::Path, process::Command};

use super::{
    run,
    unpacked::{self, Unpacked},
};
use crate::{cache::Cache, cli::Options, tree_program, ui::Ui};

const E2FSPROGS: Unpacked = Unpacked {
    kind: "mke2fs",
    name: "mke2fs",
    packages: &["e2fsprogs"],
    excluded: &[],
    space: 60_000_000,
    version,
};

/// Name of its cache entry, whether it is there or not.
pub fn entry_name() -> String {
    unpacked::key(&E2FSPROGS).name()
}

/// Returns a command that starts it, before its arguments are added; fetched if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<Command> {
    let entry = unpacked::get(options, cache, ui, &E2FSPROGS)?;
    Ok(command(&entry.path().join(unpacked::TREE)))
}

fn command(tree: &Path) -> Command {
    let mut command = tree_program::command(tree, "usr/sbin/mke2fs");
    // Not the host's.
    command.env("MKE2FS_CONFIG", tree.join("etc/mke2fs.conf"));
    command
}

/// What it says of itself, which also shows that it runs here.
fn version(tree: &Path) -> anyhow::Result<String> {
    let mut command = command(tree);
    command.arg("-V");
    let text = run::text("mke2fs", command)?;
    Ok(short(&text).to_owned())
}

/// `1.47.2` of `mke2fs 1.47.2 (1-Jan-2025)`.
fn short(text: &str) -> &str {
    let mut words = text.split_whitespace();
    words.nth(1).unwrap_or(text.trim())
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn version_is_read() {
        let text = "mke2fs 1.47.2 (1-Jan-2025)\n\tUsing EXT2FS Library version 1.47.2\n";
        assert_eq!(short(text), "1.47.2");
        assert_eq!(short("else\n"), "else");
    }
}
