//! What the hooks tell: each writes one record (src/hook.rs) to a FIFO, which the benchmark reads.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions, Permissions},
    io::Read as _,
    os::{fd::AsFd as _, unix::fs::PermissionsExt as _},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{signal::kill, stat::Mode},
    unistd::{Pid, mkfifo},
};

/// The program that each daemon is to run.
pub const HOOK: &str = "/usr/bin/irqcast-bench-hook";

/// The folder of the FIFO.
pub const FOLDER: &str = "/run/irqcast-bench";

/// The FIFO. The hook has this name, too.
const FIFO: &str = "/run/irqcast-bench/hooks";

/// How long a hook sleeps that is to. The hook has this name, too.
const ASLEEP: &str = "/run/irqcast-bench/asleep";

/// Bytes of the FIFO: no hook is to wait for the benchmark to read.
const ROOM: i32 = 1 << 20;

/// Bytes of a record.
const RECORD: usize = 32;

/// How long a hook that has told may take to end, and its daemon to notice.
const END_LIMIT: Duration = Duration::from_secs(2);

/// What a hook tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// `CLOCK_MONOTONIC` of its first instruction.
    pub time_ns: u64,
    /// The event's number.
    pub number: u64,
    /// Its process.
    pub pid: Pid,
    /// How many events were lost, if that is what it was told; 0 for an event.
    pub lost: u64,
}

impl Record {
    fn of(bytes: &[u8; RECORD]) -> Self {
        let word = |at: usize| {
            let word = bytes.get(at * 8..at * 8 + 8).unwrap_or_default();
            word.try_into().map_or(0, u64::from_ne_bytes)
        };
        Self {
            time_ns: word(0),
            number: word(1),
            pid: Pid::from_raw(i32::try_from(word(2)).unwrap_or(0)),
            lost: word(3),
        }
    }

    /// Waits until the hook's process is gone and its daemon knows.
    pub fn wait_until_gone(&self) {
        let start = Instant::now();
        while kill(self.pid, None) != Err(Errno::ESRCH) && start.elapsed() < END_LIMIT {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The reading end.
pub struct Hooks {
    fifo: File,
    read: VecDeque<Record>,
}

impl Hooks {
    /// Makes the FIFO, to which everybody may write, and says for how many seconds a hook sleeps that is to.
    pub fn open(asleep_s: u32) -> Result<Self> {
        let make = || -> Result<File> {
            fs::create_dir_all(FOLDER)?;
            fs::write(ASLEEP, asleep_s.to_string())?;
            fs::set_permissions(ASLEEP, Permissions::from_mode(0o644))?;
            if !Path::new(FIFO).exists() {
                mkfifo(FIFO, Mode::from_bits_truncate(0o666))?;
            }
            fs::set_permissions(FIFO, Permissions::from_mode(0o666))?;
            // It stays open for writing too, so that it has no end.
            let fifo = OpenOptions::new().read(true).write(true).open(FIFO)?;
            fcntl(&fifo, FcntlArg::F_SETPIPE_SZ(ROOM))?;
            Ok(fifo)
        };
        Ok(Self {
            fifo: make().with_context(|| format!("failed to make {FIFO}"))?,
            read: VecDeque::new(),
        })
    }

    /// The next record, or none within that time.
    pub fn next(&mut self, limit: Duration) -> Result<Option<Record>> {
        let deadline = Instant::now() + limit;
        while self.read.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX);
            let mut files = [PollFd::new(self.fifo.as_fd(), PollFlags::POLLIN)];
            match poll(&mut files, timeout) {
                Ok(0) => return Ok(None),
                Err(Errno::EINTR) => continue,
                result => result.context("failed to wait for a hook")?,
            };
            let mut buffer = [0; 64 * RECORD];
            // Records are written and read as a whole: they divide what a pipe's page holds.
            let length = self.fifo.read(&mut buffer)?;
            let (records, _) = buffer.get(..length).unwrap_or_default().as_chunks();
            self.read.extend(records.iter().map(Record::of));
        }
        Ok(self.read.pop_front())
    }

    /// Forgets what was told until nothing comes for so long.
    pub fn settle(&mut self, quiet: Duration) -> Result<()> {
        while self.next(quiet)?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_is_four_words() {
        let words = [5_u64, 7, 123, 2];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let record = Record::of(bytes.as_slice().try_into().unwrap());
        let Record {
            time_ns,
            number,
            pid,
            lost,
        } = record;
        assert_eq!((time_ns, number, pid.as_raw(), lost), (5, 7, 123, 2));
    }
}
