//! Keeps a file with the metrics, for the textfile collector of Prometheus's node exporter.
//!
//! The file is replaced as a whole, and only when something has changed: an idle daemon writes nothing
//! and is not woken up for it.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// Where the metrics go, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// An absolute path.
    pub file: PathBuf,
    /// Shortest time between two writes.
    pub interval: Duration,
}

/// What the file's readers may do: the collector is another user.
const MODE: u32 = 0o644;

/// The file, and how far it is behind.
pub struct MetricsFile {
    target: Option<Target>,
    /// What the counters' changes were when the file was written last.
    written: Option<u64>,
    /// When that was tried last.
    tried: Option<Instant>,
    /// The last write failed, which was told.
    fails: bool,
}

impl MetricsFile {
    /// Nothing is written yet.
    pub fn new(target: Option<Target>) -> Self {
        Self {
            target,
            written: None,
            tried: None,
            fails: false,
        }
    }

    /// Writes to another file from now on. The old one stays as it is.
    pub fn set_target(&mut self, target: Option<Target>) {
        if self.target != target {
            *self = Self::new(target);
        }
    }

    /// When the file is to be written, where the counters have changed so often.
    pub fn deadline(&self, changes: u64) -> Option<Instant> {
        let target = self.target.as_ref()?;
        if self.written == Some(changes) {
            return None;
        }
        let now = Instant::now();
        Some(self.tried.map_or(now, |tried| tried + target.interval))
    }

    /// Writes the text that says what was counted in so many changes.
    pub fn write(&mut self, changes: u64, text: &str) {
        let Some(target) = &self.target else { return };
        self.tried = Some(Instant::now());
        let file = target.file.display();
        match replace(&target.file, text) {
            Ok(()) => {
                self.written = Some(changes);
                if std::mem::take(&mut self.fails) {
                    info!(%file, "writing the metrics again");
                }
            }
            Err(reason) if !self.fails => {
                self.fails = true;
                warn!(%file, %reason, "cannot write the metrics; is the folder there, and may the daemon write to it?");
            }
            Err(_) => {}
        }
    }
}

/// Replaces a file at once, so that a reader sees the old text or the new one.
///
/// Nothing is waited for (`fsync`): after a power failure nobody wants old metrics.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    // The collector reads names that end in .prom, which this one does not.
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = OpenOptions::new()
        .write(true)
        // Nobody can have put a link to elsewhere there.
        .create_new(true)
        .mode(MODE)
        .open(&new)
        .and_then(|mut to| {
            // Whatever the daemon's file mode mask is.
            to.set_permissions(Permissions::from_mode(MODE))?;
            to.write_all(text.as_bytes())
        })
        .and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        // What is half there is of no use.
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn in_folder(folder: &Path, interval: Duration) -> MetricsFile {
        MetricsFile::new(Some(Target {
            file: folder.join("irqcast.prom"),
            interval,
        }))
    }

    #[test]
    fn is_behind_only_when_something_changed() {
        let folder = TempDir::new().unwrap();
        let mut file = in_folder(folder.path(), Duration::ZERO);
        for (changes, text) in [(1, "one\n"), (2, "two\n")] {
            assert!(file.deadline(changes).is_some());
            file.write(changes, text);
            assert_eq!(file.deadline(changes), None);
        }
        let path = folder.path().join("irqcast.prom");
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
    }

    #[test]
    fn next_write_waits_for_the_interval_also_after_a_failure() {
        let folder = TempDir::new().unwrap();
        for name in [".", "none"] {
            let mut file = in_folder(&folder.path().join(name), Duration::from_secs(3600));
            assert!(file.deadline(1).is_some_and(|due| due <= Instant::now()));
            file.write(1, "one\n");
            let left = file.deadline(2).unwrap() - Instant::now();
            assert!(left > Duration::from_secs(3000), "{left:?}");
        }
    }

    #[test]
    fn what_failed_is_still_to_be_written() {
        let folder = TempDir::new().unwrap();
        let mut file = in_folder(&folder.path().join("none"), Duration::ZERO);
        file.write(1, "one\n");
        assert!(file.deadline(1).is_some());
    }

    #[test]
    fn no_target_is_no_deadline() {
        assert_eq!(MetricsFile::new(None).deadline(5), None);
    }
}
