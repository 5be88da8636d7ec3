//! Where the kernel logs of guests are kept.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;

use crate::cache::Lock;

/// How many commands' folders are kept, beside those of commands that run.
const KEPT: usize = 20;

/// The file in a folder that is locked as long as its command runs.
const LOCK: &str = ".lock";

/// The folder for the logs of one run of the testbed.
#[derive(Debug)]
pub struct Logs {
    folder: PathBuf,
    copy: Option<File>,
    /// Keeps the folder from other testbeds.
    _lock: Option<Lock>,
}

impl Logs {
    /// Makes a new folder in the cache, and removes the oldest ones. Every log that is
    /// created here is also written to the file `keep`.
    pub fn create(cache: &Path, keep: Option<&Path>) -> anyhow::Result<Self> {
        let copy = keep
            .map(|path| {
                File::create(path).with_context(|| format!("failed to create {}", path.display()))
            })
            .transpose()?;
        let all = cache.join("guest-logs");
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.map_or(0, |time| time.as_secs());
        let folder = all.join(format!("{seconds}-{}", std::process::id()));
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to create the log folder {}", folder.display()))?;
        let lock = Lock::try_exclusive(&folder.join(LOCK))?;
        remove_oldest(&all);
        Ok(Self {
            folder,
            copy,
            _lock: lock,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A folder in this one, for guests that are to have logs of the same names.
    pub fn subfolder(&self, name: &str) -> anyhow::Result<Self> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to create the log folder {}", folder.display()))?;
        let copy = self.copy.as_ref().map(File::try_clone).transpose();
        let copy = copy.context("failed to open the kept log again")?;
        Ok(Self {
            folder,
            copy,
            _lock: None,
        })
    }

    /// Starts the log of one guest. `name` becomes a part of the file's name.
    pub(super) fn start(&self, name: &str) -> anyhow::Result<(PathBuf, Vec<File>)> {
        let path = self.folder.join(format!("{name}.console.log"));
        let file = File::create(&path)
            .with_context(|| format!("failed to create the log {}", path.display()))?;
        let mut files = vec![file];
        if let Some(copy) = &self.copy {
            files.push(
                copy.try_clone()
                    .context("failed to open the kept log again")?,
            );
        }
        Ok((path, files))
    }

    /// Writes a file beside the logs, and returns where it is.
    pub fn save(&self, name: &str, content: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, content).with_context(|| format!("failed to write {}", path.display()))?;
        Ok(path)
    }
}

fn remove_oldest(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else {
        return;
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    // Names begin with the time, so they sort by age.
    folders.sort();
    for old in folders.iter().rev().skip(KEPT) {
        // A test of the testbed runs many commands, and is to find its own logs after that.
        let Ok(Some(_lock)) = Lock::try_exclusive(&old.join(LOCK)) else {
            continue;
        };
        // Another testbed may have removed it just now.
        let _ = fs::remove_dir_all(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_folders_go_first() {
        let cache = tempfile::tempdir().unwrap();
        let all = cache.path().join("guest-logs");
        for second in 1_000_000_000..1_000_000_030_u64 {
            fs::create_dir_all(all.join(format!("{second}-1"))).unwrap();
        }
        let logs = Logs::create(cache.path(), None).unwrap();
        assert_eq!(fs::read_dir(&all).unwrap().count(), KEPT);
        assert!(logs.folder().exists());
        assert!(!all.join("1000000000-1").exists());
    }

    #[test]
    fn folder_of_a_command_that_runs_stays() {
        let cache = tempfile::tempdir().unwrap();
        let all = cache.path().join("guest-logs");
        let old = all.join("1000000000-1");
        fs::create_dir_all(&old).unwrap();
        let running = Lock::try_exclusive(&old.join(LOCK)).unwrap().unwrap();
        for second in 1_000_000_001..1_000_000_030_u64 {
            fs::create_dir_all(all.join(format!("{second}-1"))).unwrap();
        }
        let _first = Logs::create(cache.path(), None).unwrap();
        assert!(old.exists());
        drop(running);
        let _second = Logs::create(cache.path(), None).unwrap();
        assert!(!old.exists());
    }

    #[test]
    fn kept_log_gets_what_the_log_gets() {
        let cache = tempfile::tempdir().unwrap();
        let keep = cache.path().join("keep");
        let logs = Logs::create(cache.path(), Some(&keep)).unwrap();
        for name in ["a", "b"] {
            let (_, files) = logs.start(name).unwrap();
            for mut file in files {
                std::io::Write::write_all(&mut file, name.as_bytes()).unwrap();
            }
        }
        assert_eq!(fs::read_to_string(keep).unwrap(), "ab");
    }
}
