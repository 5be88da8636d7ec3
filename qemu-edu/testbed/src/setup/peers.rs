//! The daemons that irqcastd is compared with, for `bench --daemon` alone.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    run,
    unpacked::{self, Unpacked},
};
use crate::{cache::Cache, cli::Options, tree_program, ui::Ui};

const PEERS: Unpacked = Unpacked {
    kind: "peers",
    name: "peers of irqcastd",
    packages: &["acpid", "dash", "udev"],
    excluded: &["/usr/lib/udev/hwdb.d/*"],
    space: 200_000_000,
    version,
};

/// The peers.
#[derive(Debug, Clone)]
pub struct Peers {
    /// Tree of their packages.
    pub tree: PathBuf,
    /// What they say of themselves.
    pub versions: Vec<String>,
}

/// Name of their cache entry, whether it is there or not.
pub fn entry_name() -> String {
    unpacked::key(&PEERS).name()
}

/// Returns them, fetched if need be.
pub fn get(options: &Options, cache: &Cache, ui: &Ui) -> anyhow::Result<Peers> {
    let entry = unpacked::get(options, cache, ui, &PEERS)?;
    let versions = entry.fact(unpacked::VERSION)?;
    Ok(Peers {
        tree: entry.path().join(unpacked::TREE),
        versions: versions.split(", ").map(str::to_owned).collect(),
    })
}

/// What they say of themselves, which also shows that they run here.
fn version(tree: &Path) -> anyhow::Result<String> {
    let ask = |program: &str| {
        let mut command: Command = tree_program::command(tree, program);
        command.arg("--version");
        run::text(program, command)
    };
    let (udev, acpid) = (ask("usr/bin/udevadm")?, ask("usr/sbin/acpid")?);
    Ok(format!(
        "udev {}, {}",
        udev.trim(),
        acpid.trim().replace('-', " ")
    ))
}
