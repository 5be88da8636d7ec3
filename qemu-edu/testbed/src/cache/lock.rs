//! Locks between testbeds. The kernel frees them when their holder dies.

use std::{
    fs::{File, OpenOptions},
    path::Path,
    thread,
    time::Duration,
};

use anyhow::Context;
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

use crate::process;

/// How long to sleep between two attempts to take a lock. A blocking wait could not be ended
/// by Ctrl-C, which is handled on another thread.
const RETRY: Duration = Duration::from_millis(200);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its Drop")] Option<Flock<File>>);

impl Lock {
    /// Takes the lock for this testbed alone. Calls `waiting` once if that takes time.
    pub(super) fn exclusive(path: &Path, waiting: impl FnOnce()) -> anyhow::Result<Self> {
        Self::wait(path, FlockArg::LockExclusiveNonblock, waiting)
    }

    /// Takes the lock together with others who share it.
    pub(super) fn shared(path: &Path, waiting: impl FnOnce()) -> anyhow::Result<Self> {
        Self::wait(path, FlockArg::LockSharedNonblock, waiting)
    }

    /// Takes the lock for this testbed alone, unless another holds it.
    pub fn try_exclusive(path: &Path) -> anyhow::Result<Option<Self>> {
        Self::attempt(path, FlockArg::LockExclusiveNonblock)
    }

    /// A lock on nothing.
    pub(super) fn none() -> Self {
        Self(None)
    }

    fn wait(path: &Path, how: FlockArg, waiting: impl FnOnce()) -> anyhow::Result<Self> {
        let mut waiting = Some(waiting);
        loop {
            if let Some(lock) = Self::attempt(path, how)? {
                return Ok(lock);
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            process::check()?;
            thread::sleep(RETRY);
        }
    }

    fn attempt(path: &Path, how: FlockArg) -> anyhow::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .with_context(|| format!("failed to open the lock file {}", path.display()))?;
        match Flock::lock(file, how) {
            Ok(lock) => Ok(Some(Self(Some(lock)))),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => {
                Err(error).with_context(|| format!("failed to lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_locks_coexist_and_keep_an_exclusive_one_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::shared(&path, || panic!("nobody holds it")).unwrap();
        let second = Lock::shared(&path, || panic!("the other shares it")).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop((first, second));
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }

    #[test]
    fn waiting_is_announced_once_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::exclusive(&path, || {}).unwrap();
        let releaser = thread::spawn(move || {
            thread::sleep(RETRY * 3);
            drop(held);
        });
        let mut announced = 0;
        Lock::exclusive(&path, || announced += 1).unwrap();
        assert_eq!(announced, 1);
        releaser.join().unwrap();
    }
}
