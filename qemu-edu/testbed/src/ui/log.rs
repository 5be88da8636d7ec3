//! The log file: everything that the testbed and the programs that it runs have to say.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;

/// How many log files are kept.
const KEPT: usize = 20;

/// An open log file.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    started: Instant,
}

impl Log {
    /// Creates a file with a new name in `folder` and removes the oldest ones.
    pub(super) fn create(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to create the log folder {}", folder.display()))?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let path = folder.join(format!("{now}-{}.log", std::process::id()));
        let file = File::create(&path)
            .with_context(|| format!("failed to create the log file {}", path.display()))?;
        remove_oldest(folder);
        Ok(Self {
            path,
            file,
            started: Instant::now(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn line(&mut self, text: &str) {
        // A full disk must not hide the error that is being logged: it is shown elsewhere.
        let seconds = self.started.elapsed().as_secs_f64();
        let _ = writeln!(
            self.file,
            "{seconds:8.1} {}",
            console::strip_ansi_codes(text)
        );
    }
}

fn remove_oldest(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut logs: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    // Names begin with the time, so they sort by age.
    logs.sort();
    for old in logs.iter().rev().skip(KEPT) {
        // Another testbed may have removed it just now.
        let _ = fs::remove_file(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_logs_go_first() {
        let folder = tempfile::tempdir().unwrap();
        for second in 1_000_000_000..1_000_000_030_u64 {
            fs::write(folder.path().join(format!("{second}-1.log")), "").unwrap();
        }
        let mut log = Log::create(folder.path()).unwrap();
        log.line("hello");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), KEPT);
        assert!(!folder.path().join("1000000000-1.log").exists());
        assert!(
            fs::read_to_string(log.path())
                .unwrap()
                .ends_with("0.0 hello\n")
        );
    }
}
