//! One whole entry of the cache.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::tree::size_of_tree;

/// Name of the file that an entry has only when it is whole.
const MARKER: &str = "entry.json";

/// What is worth knowing about an entry without looking into it, by name.
pub type Facts = BTreeMap<String, String>;

/// A whole entry.
#[derive(Debug, Clone)]
pub struct Entry {
    path: PathBuf,
    marker: Marker,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Marker {
    /// Disk space that the entry takes, in bytes.
    bytes: u64,
    facts: Facts,
}

impl Entry {
    /// Opens the entry in `path`, if it is whole.
    pub(super) fn open(path: PathBuf) -> Option<Self> {
        let text = fs::read(path.join(MARKER)).ok()?;
        let marker = serde_json::from_slice(&text).ok()?;
        Some(Self { path, marker })
    }

    /// Turns the finished folder `partial` into the entry `path`.
    pub(super) fn complete(partial: &Path, path: &Path, facts: Facts) -> anyhow::Result<Self> {
        let marker = Marker {
            bytes: size_of_tree(partial),
            facts,
        };
        let text = serde_json::to_vec_pretty(&marker).context("failed to describe the entry")?;
        let file = partial.join(MARKER);
        fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))?;
        // All the data has to be on the disk before the name is, or a power cut could leave an
        // entry that looks whole and holds empty files.
        let folder =
            File::open(partial).with_context(|| format!("failed to open {}", partial.display()))?;
        nix::unistd::syncfs(&folder)
            .with_context(|| format!("failed to write {} to the disk", partial.display()))?;
        fs::rename(partial, path).with_context(|| {
            format!(
                "failed to rename {} to {}",
                partial.display(),
                path.display()
            )
        })?;
        Ok(Self {
            path: path.to_owned(),
            marker,
        })
    }

    /// Folder of the entry.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name of the entry's folder.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Disk space that the entry takes, in bytes, as counted when it was made.
    pub fn bytes(&self) -> u64 {
        self.marker.bytes
    }

    /// The fact called `name`; fails if the entry was made without it.
    pub fn fact(&self, name: &str) -> anyhow::Result<&str> {
        self.marker
            .facts
            .get(name)
            .map(String::as_str)
            .with_context(|| {
                format!(
                    "{} says nothing about {name}; delete it",
                    self.path.join(MARKER).display()
                )
            })
    }
}
