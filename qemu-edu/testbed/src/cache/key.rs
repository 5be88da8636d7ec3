//! Names of cache entries.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sha2::{Digest, Sha256};

/// Names an entry: its kind, and a hash of all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kind: &'static str,
    hash: String,
}

impl Key {
    /// Starts a key of the given kind.
    pub fn of(kind: &'static str) -> KeyBuilder {
        KeyBuilder {
            kind,
            hasher: Sha256::new(),
        }
    }

    /// Name of the entry's folder, such as `driver-0123456789abcdef`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.kind, self.hash)
    }
}

/// Collects what an entry depends on.
#[derive(Debug, Clone)]
pub struct KeyBuilder {
    kind: &'static str,
    hasher: Sha256,
}

impl KeyBuilder {
    /// Adds a named value.
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        for part in [name.as_bytes(), value.as_ref()] {
            self.hasher.update((part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
        self
    }

    /// Adds another entry.
    pub fn with_key(self, key: &Key) -> Self {
        self.with("key", key.name())
    }

    /// Adds names and contents of the given files, which are relative to `base`.
    pub fn with_files(mut self, base: &Path, files: &[PathBuf]) -> anyhow::Result<Self> {
        for file in files {
            let path = base.join(file);
            let content =
                fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
            self = self.with(&file.to_string_lossy(), content);
        }
        Ok(self)
    }

    /// Ends the collection.
    pub fn build(self) -> Key {
        let digest = self.hasher.finalize();
        let hash = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Key {
            kind: self.kind,
            hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let keys = [
            Key::of("a").build(),
            Key::of("a").with("x", "1").build(),
            Key::of("a").with("x", "2").build(),
            Key::of("a").with("x1", "").build(),
            Key::of("b").with("x", "1").build(),
        ];
        for (i, a) in keys.iter().enumerate() {
            for (j, b) in keys.iter().enumerate() {
                assert_eq!(a == b, i == j, "{a:?} {b:?}");
            }
        }
        assert_eq!(keys[1], Key::of("a").with("x", "1").build());
    }
}
