//! A copy of the project, to be changed. What was built in it stays for the next time.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::Mutant;
use crate::{cache::remove_tree, setup::Workspace};

/// What is not copied from the top folder: the history, and what cargo built.
const LEFT_OUT: [&str; 2] = [".git", "target"];

/// A copy of the project.
pub struct ProjectCopy {
    original: PathBuf,
    folder: PathBuf,
}

impl ProjectCopy {
    /// Copies the project to `folder`, as far as it is not there already.
    pub fn new(original: &Workspace, folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
        // Without links, so that the copy is known where it lies in the original.
        let resolve = |path: &Path| {
            path.canonicalize()
                .with_context(|| format!("failed to resolve {}", path.display()))
        };
        let copy = Self {
            original: resolve(&original.root)?,
            folder: resolve(&folder)?,
        };
        copy.take_back()?;
        Ok(copy)
    }

    /// Makes the copy into this mutant, of whatever it is now.
    pub fn become_mutant(&self, mutant: &Mutant) -> anyhow::Result<Workspace> {
        self.take_back()?;
        for (path, text) in mutant.changes(&self.folder)? {
            write(&self.folder.join(path), text.as_bytes())?;
        }
        Ok(Workspace {
            root: self.folder.clone(),
        })
    }

    /// Makes the copy like the project again. Files that are alike keep their time, so that cargo
    /// builds no more than it has to.
    pub fn take_back(&self) -> anyhow::Result<()> {
        let mut left_out = LEFT_OUT.map(Into::into).to_vec();
        // The cache may be in the project's folder.
        if let Ok(below) = self.folder.strip_prefix(&self.original) {
            left_out.extend(below.iter().next().map(Into::into));
        }
        synchronise(&self.original, &self.folder, left_out)
    }
}

fn synchronise(from: &Path, to: &Path, left_out: Vec<OsString>) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("failed to create {}", to.display()))?;
    let mut kept: BTreeSet<OsString> = left_out.into_iter().collect();
    for item in list(from)? {
        let name = item.file_name();
        if !kept.insert(name.clone()) {
            continue;
        }
        let (source, target) = (item.path(), to.join(&name));
        // A link counts as what it leads to.
        if source.is_dir() {
            synchronise(&source, &target, Vec::new())?;
        } else {
            let content = fs::read(&source)
                .with_context(|| format!("failed to read {}", source.display()))?;
            if fs::read(&target).ok().as_ref() != Some(&content) {
                write(&target, &content)?;
                let permissions = fs::metadata(&source)?.permissions();
                fs::set_permissions(&target, permissions)
                    .with_context(|| format!("failed to change {}", target.display()))?;
            }
        }
    }
    for item in list(to)? {
        if !kept.contains(&item.file_name()) {
            remove(&item.path())?;
        }
    }
    Ok(())
}

fn list(folder: &Path) -> anyhow::Result<Vec<fs::DirEntry>> {
    fs::read_dir(folder)
        .and_then(Iterator::collect::<io::Result<_>>)
        .with_context(|| format!("failed to list {}", folder.display()))
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(path, content).with_context(|| format!("failed to write {}", path.display()))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        remove_tree(path)
    } else {
        fs::remove_file(path).with_context(|| format!("failed to remove {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_in_the_original_is_not_copied() {
        let original = tempfile::tempdir().unwrap();
        fs::write(original.path().join("a"), "a").unwrap();
        let workspace = Workspace {
            root: original.path().to_owned(),
        };
        let folder = original.path().join("cache/mutants");
        for _ in 0..2 {
            ProjectCopy::new(&workspace, folder.clone()).unwrap();
            assert_eq!(list(&folder).unwrap().len(), 1);
        }
    }

    #[test]
    fn what_is_alike_is_left_alone_and_what_is_built_stays() {
        let original = tempfile::tempdir().unwrap();
        let copied = tempfile::tempdir().unwrap();
        let put = |folder: &Path, name: &str, text: &str| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let get = |name: &str| fs::read_to_string(copied.path().join(name)).ok();
        for (name, text) in [("a", "a"), ("b/c", "c"), ("target/x", "x"), (".git/y", "y")] {
            put(original.path(), name, text);
        }
        put(copied.path(), "target/built", "built");
        put(copied.path(), "b/old", "old");
        let workspace = Workspace {
            root: original.path().to_owned(),
        };
        let copy = ProjectCopy::new(&workspace, copied.path().to_owned()).unwrap();
        let time = || {
            copied
                .path()
                .join("a")
                .metadata()
                .unwrap()
                .modified()
                .unwrap()
        };
        let before = time();
        put(copied.path(), "b/c", "changed");
        copy.take_back().unwrap();
        for (name, expected) in [
            ("a", Some("a")),
            ("b/c", Some("c")),
            ("b/old", None),
            ("target/x", None),
            ("target/built", Some("built")),
            (".git/y", None),
        ] {
            assert_eq!(get(name).as_deref(), expected, "{name}");
        }
        assert_eq!(time(), before);
    }
}
