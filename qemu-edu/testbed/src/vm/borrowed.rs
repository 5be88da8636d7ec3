//! What a guest borrows from a Debian tree: programs, with the shared libraries that they need.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

use super::initramfs::{Archive, EXECUTABLE, PLAIN};
use crate::{process, tree_program};

/// The dynamic loader, from the top of a tree.
const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";

/// What goes from a tree into a guest's archive.
pub struct Borrowed<'a, W> {
    /// Root folder of the tree.
    pub root: &'a Path,
    /// Where it goes.
    pub archive: &'a mut Archive<W>,
    /// Shared libraries that are in the archive.
    libraries: BTreeSet<PathBuf>,
}

impl<'a, W: Write> Borrowed<'a, W> {
    /// Nothing yet.
    pub fn of(root: &'a Path, archive: &'a mut Archive<W>) -> Self {
        Self {
            root,
            archive,
            libraries: BTreeSet::new(),
        }
    }

    /// Adds a program of the tree and its libraries.
    pub fn program(&mut self, path: &str) -> anyhow::Result<()> {
        let from = self.root.join(path);
        self.archive.copy(&format!("/{path}"), &from, EXECUTABLE)?;
        self.libraries_of(&from)
    }

    /// Adds the files of a folder of the tree, and none of the folders in it.
    pub fn files(&mut self, folder: &str) -> anyhow::Result<()> {
        let from = self.root.join(folder);
        let read = || format!("failed to read {}", from.display());
        let entries = fs::read_dir(&from).with_context(read)?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.with_context(read)?;
            if entry.file_type().with_context(read)?.is_file() {
                names.push(entry.file_name());
            }
        }
        // The order of a folder is the file system's own; an archive's must not be.
        names.sort();
        for name in names {
            let target = format!("/{folder}/{}", name.to_str().with_context(read)?);
            self.archive.copy(&target, &from.join(&name), PLAIN)?;
        }
        Ok(())
    }

    /// Adds the libraries that a binary of the tree needs, as the tree's own dynamic loader finds
    /// them.
    pub fn libraries_of(&mut self, binary: &Path) -> anyhow::Result<()> {
        let loader = self.root.join(LOADER);
        let output = process::output(tree_program::list_libraries(self.root, binary))?;
        ensure!(
            output.status.success(),
            "{} cannot load {}: {}",
            loader.display(),
            binary.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let list = String::from_utf8_lossy(&output.stdout).into_owned();
        // Lines look like `libz.so.1 => TREE/usr/lib/…/libz.so.1 (0x…)`.
        let found = list
            .lines()
            .filter_map(|line| line.split_once(" => ")?.1.rsplit_once(" (")?.0.into());
        for library in found.map(Path::new).filter(|path| !is_loader(path)) {
            let Ok(inside) = library.strip_prefix(self.root) else {
                bail!(
                    "{} needs {}, which is not in {}",
                    binary.display(),
                    library.display(),
                    self.root.display()
                );
            };
            if self.libraries.insert(inside.to_owned()) {
                self.archive
                    .copy(&format!("/{}", inside.display()), library, EXECUTABLE)?;
            }
        }
        if self.libraries.insert(PathBuf::from(LOADER)) {
            self.archive
                .copy(&format!("/{LOADER}"), &loader, EXECUTABLE)?;
        }
        Ok(())
    }
}

fn is_loader(path: &Path) -> bool {
    path.file_name() == Path::new(LOADER).file_name()
}
