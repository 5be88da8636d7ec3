//! Keeps the memory, and the state folder up to date with it.

use super::Failure;
use crate::memory::{Memory, Op};
use crate::store::{Found, Store, StoreError, journal_line};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// The state folder that is to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder {
    /// Its path.
    pub path: PathBuf,
    /// Whether somebody asked for it. Then the daemon does not go on without it.
    pub asked_for: bool,
}

/// The memory, and where it is kept.
pub struct Keeper {
    memory: Memory,
    disk: Option<Disk>,
}

struct Disk {
    store: Store,
    /// Lines for the journal.
    lines: String,
    /// Something has changed since the last state.
    unsaved: bool,
    saved: Instant,
    /// The last write failed, which was told.
    fails: bool,
}

impl Keeper {
    /// Takes the folder and what an earlier daemon left there, if it left something.
    ///
    /// # Errors
    ///
    /// When another daemon has the folder, or when it was asked for and cannot be used.
    pub fn start(folder: &StateFolder) -> Result<(Self, Option<Found>), Failure> {
        let opened = Store::open(&folder.path).and_then(|(mut store, found)| {
            let memory = found.as_ref().map(|found| found.memory.clone());
            let memory = memory.unwrap_or_default();
            store.save(&memory)?;
            Ok((store, memory, found))
        });
        match opened {
            Ok((store, memory, found)) => {
                let disk = Some(Disk {
                    store,
                    lines: String::new(),
                    unsaved: false,
                    saved: Instant::now(),
                    fails: false,
                });
                Ok((Self { memory, disk }, found))
            }
            Err(reason @ StoreError::System { .. }) if !folder.asked_for => {
                warn!(%reason, "going on without a memory; name a folder with --state-dir");
                Ok((Self::without_folder(), None))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Remembers nothing after the end.
    pub fn without_folder() -> Self {
        let (memory, disk) = Default::default();
        Self { memory, disk }
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether the next daemon will know.
    pub fn remembers(&self) -> bool {
        self.disk.is_some()
    }

    /// Takes note of what happened.
    pub fn note(&mut self, op: Op) {
        self.memory.apply(&op);
        let Some(disk) = &mut self.disk else { return };
        disk.unsaved = true;
        // Told again it would change nothing either; the next state says it.
        let is_nothing_to_do = matches!(&op, Op::Took { rules, .. } if rules.is_empty());
        if !is_nothing_to_do {
            disk.lines.push_str(&journal_line(&op));
        }
    }

    /// Writes the journal: whatever was noted is known to a daemon that starts after this one is killed.
    pub fn commit(&mut self) {
        if let Some(disk) = &mut self.disk
            && !disk.lines.is_empty()
        {
            let written = disk.store.append(&disk.lines);
            disk.lines.clear();
            // A whole state says it too, and begins a new journal.
            if written.is_err() && !disk.fails {
                self.save();
            }
        }
    }

    /// When the state is to be written, if it is.
    pub fn deadline(&self, interval: Duration) -> Option<Instant> {
        let disk = self.disk.as_ref()?;
        disk.unsaved.then(|| disk.saved + interval)
    }

    /// Writes the state if it is time for that, and the journal if not.
    pub fn keep_up(&mut self, interval: Duration) {
        match self.deadline(interval) {
            Some(deadline) if deadline <= Instant::now() => self.save(),
            _ => self.commit(),
        }
    }

    /// Writes the state.
    pub fn save(&mut self) {
        if let Some(disk) = &mut self.disk {
            let written = disk.store.save(&self.memory);
            disk.lines.clear();
            // Where that failed it is tried again after the interval.
            disk.unsaved = written.is_err();
            disk.saved = Instant::now();
            disk.tell(written);
        }
    }
}

impl Disk {
    /// Tells once that states cannot be written, and once that they can again.
    fn tell(&mut self, written: Result<(), StoreError>) {
        match written {
            Err(reason) if !self.fails => {
                self.fails = true;
                warn!(%reason, "cannot keep the state; if the daemon dies now, hooks may run again unmarked");
            }
            Ok(()) if self.fails => {
                self.fails = false;
                info!("keeping the state again");
            }
            _ => {}
        }
    }
}
