//! The cache folder: everything that was fetched or built, one entry for each thing.
//!
//! An entry is a folder `KIND-HASH`, where the hash is taken over all that the entry depends
//! on. It is made as `partial-KIND-HASH.PID` and gets its final name in one rename when it is
//! whole, so a half-written entry is never found. Whoever makes an entry holds its lock file;
//! another testbed that wants the same entry waits, and then finds it. The whole folder, or
//! any entry, may be deleted while no testbed runs.

mod entry;
mod key;
mod lock;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

pub use self::{
    entry::{Entry, Facts},
    key::Key,
    lock::Lock,
    tree::{human_size, remove_tree},
};
use crate::{cli::Options, process, ui::Ui};

/// An open cache folder.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Held as long as this testbed runs, so that nobody prunes what it uses.
    _in_use: Lock,
}

impl Cache {
    /// Opens the folder that the options name, creating it if need be.
    pub fn open(options: &Options, ui: &Ui) -> anyhow::Result<Self> {
        let folder = location(options)?;
        let locks = folder.join("locks");
        fs::create_dir_all(&locks).with_context(|| {
            format!(
                "failed to create the cache folder {}; name another with --cache-dir",
                folder.display()
            )
        })?;
        let folder = folder
            .canonicalize()
            .with_context(|| format!("failed to resolve {}", folder.display()))?;
        let in_use = Lock::shared(&locks.join("in-use"), || {
            ui.note("another testbed is removing old entries of the cache; waiting for it");
        })?;
        Ok(Self {
            folder,
            _in_use: in_use,
        })
    }

    /// The cache folder, as an absolute path without symbolic links.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Folder of the log files.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Returns the whole entry for `key`, if there is one. Costs a file read.
    pub fn find(&self, key: &Key) -> Option<Entry> {
        Entry::open(self.folder.join(key.name()))
    }

    /// Returns the entry for `key`; if there is none, `make` makes it in the folder that it is
    /// given, and returns facts to be kept with it.
    ///
    /// If another testbed is making it, waits until that one is done, and says so.
    pub fn get(
        &self,
        key: &Key,
        ui: &Ui,
        make: impl FnOnce(&Path) -> anyhow::Result<Facts>,
    ) -> anyhow::Result<Entry> {
        if let Some(entry) = self.find(key) {
            return Ok(entry);
        }
        let _lock = self.lock(&key.name(), ui)?;
        // The other testbed may have finished it while this one waited.
        if let Some(entry) = self.find(key) {
            return Ok(entry);
        }
        self.remove_leftovers(key)?;
        let path = self.folder.join(key.name());
        if path.exists() {
            // No marker in it: somebody deleted half of it.
            remove_tree(&path)?;
        }
        let partial = self
            .folder
            .join(format!("partial-{}.{}", key.name(), std::process::id()));
        fs::create_dir(&partial)
            .with_context(|| format!("failed to create {}", partial.display()))?;
        let made = make(&partial).and_then(|facts| Entry::complete(&partial, &path, facts));
        if made.is_err() {
            if process::check().is_err() {
                ui.note("removing what is half made; Ctrl-C again leaves that to the next run");
            }
            // A failed clean-up must not hide why the entry could not be made; what is left is
            // removed the next time.
            if let Err(error) = remove_tree(&partial) {
                ui.log_line(&format!("leftover {}: {error:#}", partial.display()));
            }
        }
        made
    }

    /// Keeps the entries from being pruned by another testbed until this process ends.
    pub fn keep_until_exit(self) {
        // The kernel frees the lock when the process is gone, in whatever way.
        std::mem::forget(self._in_use);
    }

    /// Takes the lock called `name`, waiting for another testbed if need be.
    pub fn lock(&self, name: &str, ui: &Ui) -> anyhow::Result<Lock> {
        Lock::exclusive(&self.folder.join("locks").join(name), || {
            ui.note(&format!("another testbed is making {name}; waiting for it"));
        })
    }

    /// All whole entries.
    pub fn entries(&self) -> Vec<Entry> {
        entries_in(&self.folder)
    }

    /// Removes `entries` if no other testbed runs; returns whether it did.
    pub fn remove(&mut self, entries: &[Entry]) -> anyhow::Result<bool> {
        let path = self.folder.join("locks/in-use");
        self._in_use = Lock::none();
        let removed = match Lock::try_exclusive(&path)? {
            Some(_alone) => {
                for entry in entries {
                    remove_tree(entry.path())?;
                }
                true
            }
            None => false,
        };
        self._in_use = Lock::shared(&path, || {})?;
        Ok(removed)
    }

    /// Removes what testbeds that died left behind, except what another one works on now.
    pub fn sweep(&self, ui: &Ui) {
        let Ok(folder) = fs::read_dir(&self.folder) else {
            return;
        };
        for item in folder.flatten() {
            let name = item.file_name().to_string_lossy().into_owned();
            let Some((key, _)) = name
                .strip_prefix("partial-")
                .and_then(|n| n.rsplit_once('.'))
            else {
                continue;
            };
            if let Ok(Some(_lock)) = Lock::try_exclusive(&self.folder.join("locks").join(key)) {
                ui.log_line(&format!("removing {name}, which was left half done"));
                if let Err(error) = remove_tree(&item.path()) {
                    ui.warn(&format!("a half-made cache entry stays: {error:#}"));
                }
            }
        }
    }

    /// Removes what a testbed that died left behind of this entry. The caller holds its lock.
    fn remove_leftovers(&self, key: &Key) -> anyhow::Result<()> {
        let prefix = format!("partial-{}.", key.name());
        let folder = fs::read_dir(&self.folder)
            .with_context(|| format!("failed to list {}", self.folder.display()))?;
        for item in folder.flatten() {
            if item.file_name().to_string_lossy().starts_with(&prefix) {
                remove_tree(&item.path())?;
            }
        }
        Ok(())
    }
}

/// All whole entries of the folder that the options name, which is not made if it is not there. Another
/// testbed may remove them at any time.
pub fn entries(options: &Options) -> Vec<Entry> {
    location(options).map_or_else(|_| Vec::new(), |folder| entries_in(&folder))
}

fn entries_in(folder: &Path) -> Vec<Entry> {
    let Ok(folder) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut entries: Vec<_> = folder
        .flatten()
        .filter(|item| !item.file_name().to_string_lossy().starts_with("partial-"))
        .filter_map(|item| Entry::open(item.path()))
        .collect();
    entries.sort_by(|a, b| a.path().cmp(b.path()));
    entries
}

fn location(options: &Options) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &options.cache_dir {
        return std::path::absolute(folder)
            .with_context(|| format!("failed to resolve {}", folder.display()));
    }
    let set = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|caches| caches.join("irqcast"))
        .context("neither XDG_CACHE_HOME nor HOME is set; name a cache folder with --cache-dir")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use clap::Parser;

    use super::*;

    fn open(folder: &Path) -> Cache {
        let mut cli = crate::cli::Cli::try_parse_from(["t", "setup"]).unwrap();
        cli.options.cache_dir = Some(folder.join("cache"));
        Cache::open(&cli.options, &Ui::new()).unwrap()
    }

    fn key() -> Key {
        Key::of("thing").with("version", "1").build()
    }

    fn make(folder: &Path) -> anyhow::Result<Facts> {
        fs::write(folder.join("content"), "whole")?;
        Ok(Facts::from([("colour".to_owned(), "red".to_owned())]))
    }

    fn partial_folders(cache: &Cache) -> usize {
        let items = fs::read_dir(cache.folder()).unwrap().flatten();
        items
            .filter(|item| item.file_name().to_string_lossy().starts_with("partial-"))
            .count()
    }

    #[test]
    fn entry_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        assert!(cache.find(&key()).is_none());
        let made = cache.get(&key(), &Ui::new(), make).unwrap();
        let found = cache
            .get(&key(), &Ui::new(), |_| panic!("it is there"))
            .unwrap();
        assert_eq!(made.path(), found.path());
        assert_eq!(found.fact("colour").unwrap(), "red");
        assert!(found.fact("size").is_err());
        assert!(found.bytes() > 0);
        assert_eq!(partial_folders(&cache), 0);
    }

    #[test]
    fn failed_entry_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        let failure = cache.get(&key(), &Ui::new(), |folder| {
            fs::write(folder.join("content"), "half")?;
            anyhow::bail!("no luck")
        });
        assert_eq!(failure.unwrap_err().to_string(), "no luck");
        assert!(cache.entries().is_empty());
        assert_eq!(partial_folders(&cache), 0);
        cache.get(&key(), &Ui::new(), make).unwrap();
    }

    #[test]
    fn leftovers_and_half_deleted_entries_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        let name = key().name();
        for leftover in [
            format!("partial-{name}.1"),
            format!("partial-{name}.22"),
            name.clone(),
        ] {
            fs::create_dir(cache.folder().join(&leftover)).unwrap();
            fs::write(cache.folder().join(&leftover).join("content"), "half").unwrap();
        }
        assert!(cache.find(&key()).is_none());
        let entry = cache.get(&key(), &Ui::new(), make).unwrap();
        assert_eq!(
            fs::read_to_string(entry.path().join("content")).unwrap(),
            "whole"
        );
        assert_eq!(partial_folders(&cache), 0);
    }

    #[test]
    fn sweep_spares_what_another_testbed_makes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        for name in ["partial-thing-1.1", "partial-thing-2.1"] {
            fs::create_dir(cache.folder().join(name)).unwrap();
        }
        let _held = cache.lock("thing-2", &Ui::new()).unwrap();
        cache.sweep(&Ui::new());
        assert!(!cache.folder().join("partial-thing-1.1").exists());
        assert!(cache.folder().join("partial-thing-2.1").exists());
    }

    #[test]
    fn two_testbeds_at_once_make_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let made = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let cache = open(folder.path());
                    cache.get(&key(), &Ui::new(), |folder| {
                        made.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(300));
                        make(folder)
                    })
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn nothing_is_pruned_while_another_testbed_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = open(folder.path());
        let entry = cache.get(&key(), &Ui::new(), make).unwrap();
        let other = open(folder.path());
        assert!(!cache.remove(std::slice::from_ref(&entry)).unwrap());
        assert!(entry.path().exists());
        drop(other);
        assert!(cache.remove(std::slice::from_ref(&entry)).unwrap());
        assert!(!entry.path().exists());
    }
}
