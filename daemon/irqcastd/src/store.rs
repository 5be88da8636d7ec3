//! The state folder: where the memory outlives the daemon.
//!
//! - `state.json` is the whole memory at some moment. It is written beside its place, flushed to the
//!   disk and then put there, so there is always an old one or a new one.
//! - `journal.jsonl` has what happened since, a line for each [`Op`]. It is written before it happens,
//!   and not flushed: the kernel keeps it when the daemon is killed. When the machine loses power the
//!   driver's ring is gone too, and no hook could be run for what the journal tells of.
//!
//! The first line of the journal names the state that it goes on from, so that an older one is ignored.
//! A daemon holds a lock on the folder.

mod format;

use crate::memory::{Memory, Op};
use format::{JournalHead, State};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tracing::warn;

const STATE: &str = "state.json";
const NEW_STATE: &str = "state.json.new";
const JOURNAL: &str = "journal.jsonl";

/// Most bytes that are read of a file. What the daemon writes is far less: see [`Limits::queue`].
///
/// [`Limits::queue`]: crate::config::Limits::queue
const FILE_MAX: u64 = 64 << 20;

/// Most bytes that the journal grows to between two states. Beyond it nothing is added.
const JOURNAL_MAX: u64 = 16 << 20;

/// Why there is no memory.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another daemon has it.
    #[error("another daemon uses the state folder {}", .0.display())]
    InUse(PathBuf),
    /// A file or the folder cannot be used.
    #[error("failed to {action} {}: {source}", path.display())]
    System {
        /// What was tried, to follow "failed to".
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// What an earlier daemon left.
#[derive(Debug)]
pub struct Found {
    /// Its memory.
    pub memory: Memory,
    /// Whether the machine was started anew since.
    pub new_boot: bool,
}

/// How long a daemon that was killed may keep its lock: a child that it was just starting has it until
/// its program begins.
const UNLOCK_TIME: Duration = Duration::from_secs(2);

/// A state folder that this daemon holds.
pub struct Store {
    path: PathBuf,
    folder: Flock<File>,
    /// Gone where it could not be written; the next state begins a new one.
    journal: Option<File>,
    journal_bytes: u64,
    generation: u64,
    boot_id: String,
}

impl Store {
    /// Takes the folder, makes it if need be, and reads what is there. What cannot be understood is set
    /// aside. Save a memory next: until then nothing can be added.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] when another daemon has the folder.
    pub fn open(path: &Path) -> Result<(Self, Option<Found>), StoreError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::System {
                action,
                path,
                source,
            }
        };
        fs::create_dir_all(path).map_err(failed("make the state folder", path))?;
        let folder = File::open(path).map_err(failed("open the state folder", path))?;
        let folder = lock(folder).map_err(|errno| match errno {
            Errno::EWOULDBLOCK => StoreError::InUse(path.to_owned()),
            errno => failed("lock the state folder", path)(errno.into()),
        })?;
        let boot = Path::new("/proc/sys/kernel/random/boot_id");
        let boot_id = fs::read_to_string(boot).map_err(failed("read", boot))?;
        let mut store = Self {
            path: path.to_owned(),
            folder,
            journal: None,
            journal_bytes: 0,
            generation: 0,
            boot_id: boot_id.trim().to_owned(),
        };
        let found = store.load();
        Ok((store, found))
    }

    /// Puts `memory` in the place of the last state, and begins a new journal. When this returns the
    /// memory is on the disk.
    pub fn save(&mut self, memory: &Memory) -> Result<(), StoreError> {
        self.journal = None;
        self.generation += 1;
        let state = State::new(memory.clone(), self.boot_id.clone(), self.generation);
        let file = self.path.join(STATE);
        self.replace(&file, &state.to_bytes())
            .map_err(|source| StoreError::System {
                action: "write",
                path: file,
                source,
            })?;
        let file = self.path.join(JOURNAL);
        let head = JournalHead::line(self.generation);
        self.journal_bytes = 0;
        self.journal = Some(
            begin_journal(&file, &head).map_err(|source| StoreError::System {
                action: "write",
                path: file,
                source,
            })?,
        );
        Ok(())
    }

    /// Adds to the journal what happened since the last state. After an error nothing is added until the
    /// next state is saved.
    pub fn append(&mut self, lines: &str) -> Result<(), StoreError> {
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        self.journal_bytes += lines.len() as u64;
        let written = match self.journal_bytes <= JOURNAL_MAX {
            true => journal.write_all(lines.as_bytes()),
            false => Err(Errno::EFBIG.into()),
        };
        written.map_err(|source| {
            self.journal = None;
            StoreError::System {
                action: "write",
                path: self.path.join(JOURNAL),
                source,
            }
        })
    }

    /// First the new file's bytes are on the disk, then its name is.
    fn replace(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let new = self.path.join(NEW_STATE);
        let mut written = File::create(&new)?;
        written.write_all(bytes)?;
        written.sync_all()?;
        fs::rename(&new, file)?;
        self.folder.sync_all()
    }

    fn load(&mut self) -> Option<Found> {
        let bytes = self.read(STATE)?;
        let state = match State::parse(&bytes) {
            Ok(state) => state,
            Err(reason) => {
                self.set_aside(STATE, &reason);
                return None;
            }
        };
        self.generation = state.generation;
        let new_boot = state.boot_id != self.boot_id;
        let mut memory = state.lives;
        if let Some(journal) = self.read(JOURNAL)
            && let Err(reason) = format::replay(&journal, self.generation, &mut memory)
        {
            self.set_aside(JOURNAL, &reason);
        }
        memory.resume(new_boot);
        Some(Found { memory, new_boot })
    }

    /// The bytes of a file, if it is there and can be read.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = File::open(self.path.join(name))
            .and_then(|file| file.take(FILE_MAX + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) if bytes.len() as u64 <= FILE_MAX => Some(bytes),
            Ok(_) => {
                self.set_aside(name, &format!("it has more than {FILE_MAX} bytes"));
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.set_aside(name, &error.to_string());
                None
            }
        }
    }

    /// Gives a file that is of no use a name that is not looked at.
    fn set_aside(&self, name: &str, reason: &str) {
        let file = self.path.join(name);
        let free = (1u64..)
            .map(|number| self.path.join(format!("{name}.set-aside-{number}")))
            .find(|aside| fs::symlink_metadata(aside).is_err());
        let Some(aside) = free else { return };
        match fs::rename(&file, &aside) {
            Ok(()) => warn!(
                file = %file.display(),
                aside = %aside.display(),
                reason,
                "cannot use what an earlier daemon left; set it aside"
            ),
            Err(error) => warn!(
                file = %file.display(),
                reason,
                %error,
                "cannot use what an earlier daemon left, and cannot set it aside"
            ),
        }
    }
}

/// Locks the folder, and waits for the end of a daemon that was killed.
fn lock(mut folder: File) -> Result<Flock<File>, Errno> {
    let start = Instant::now();
    loop {
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((unlocked, Errno::EWOULDBLOCK)) if start.elapsed() < UNLOCK_TIME => {
                folder = unlocked;
                sleep(Duration::from_millis(20));
            }
            Err((_, errno)) => return Err(errno),
        }
    }
}

/// Empties the journal and writes its first line.
fn begin_journal(file: &Path, head: &str) -> io::Result<File> {
    let mut journal = OpenOptions::new().create(true).append(true).open(file)?;
    journal.set_len(0)?;
    journal.write_all(head.as_bytes())?;
    Ok(journal)
}

/// An op as a line of the journal.
pub fn journal_line(op: &Op) -> String {
    format::line(op)
}

#[cfg(test)]
mod tests;
