//! `--kdir`: a kernel that the person built.

mod compilers;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use self::{
    compilers::Compilers,
    tree::{Tree, inspect},
};
use super::{
    build_root::BuildRoot,
    kernel::{Builder, BuiltKernel},
};
use crate::{cache::Key, namespace, prepared, ui::Ui};

/// Fails if the tree in `folder` cannot be used, whatever its compilers are. Quick, so that it
/// can be done before any long work.
pub fn check(folder: &Path, series: &str) -> anyhow::Result<()> {
    open(folder, series).map(|_| ())
}

/// Checks the tree in `folder` and returns it as a kernel.
pub fn get(folder: &Path, series: &str, ui: &Ui, root: &BuildRoot) -> anyhow::Result<BuiltKernel> {
    let (folder, tree) = open(folder, series)?;
    let tools = vec![tree.compilers.tool.clone()];
    let wanted = &tree.compilers;
    let here = Compilers::found(wanted, |program| Command::new(program));
    let builder = if here == [wanted.c.as_str(), &wanted.rust] {
        Builder::Host { tools }
    } else {
        let there = Compilers::found(wanted, |program| {
            namespace::inside(&root.tree, &[], program)
        });
        anyhow::ensure!(
            there == [wanted.c.as_str(), &wanted.rust],
            "--kdir {}: the tree was built with other compilers than there are here, and a Rust \
             module needs the very same ones\n  it wants: {}; {}\n  here are: {}; {}\n  \
             put the former first in PATH, or build the tree anew with the latter",
            folder.display(),
            wanted.c,
            wanted.rust,
            here[0],
            here[1]
        );
        ui.log_line("the tree's compilers are those of the build root");
        Builder::BuildRootInPlace { tools }
    };
    let key = key(&folder, &tree)?;
    let Tree {
        release,
        image,
        source,
        ..
    } = tree;
    let kernel = prepared::Kernel {
        name: "custom".to_owned(),
        release,
        image,
    };
    Ok(BuiltKernel {
        kernel,
        objects: folder,
        source,
        builder,
        key,
        entry: None,
    })
}

fn open(folder: &Path, series: &str) -> anyhow::Result<(PathBuf, Tree)> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("--kdir {}: there is no such folder", folder.display()))?;
    let tree = inspect(&folder, series)
        .with_context(|| format!("--kdir {}: this tree cannot be used", folder.display()))?;
    Ok((folder, tree))
}

/// Changes when the tree was built anew: then what was built for it before no longer fits.
fn key(folder: &Path, tree: &Tree) -> anyhow::Result<Key> {
    let mut key = Key::of("kernel-custom")
        .with("folder", folder.to_string_lossy().as_bytes())
        .with("release", &tree.release);
    for name in [".config", "Module.symvers", "rust/libkernel.rmeta"] {
        let path = folder.join(name);
        let changed = fs::metadata(&path)
            .and_then(|metadata| metadata.modified())
            .with_context(|| format!("failed to look at {}", path.display()))?;
        key = key.with(name, format!("{changed:?}"));
    }
    Ok(key.build())
}
