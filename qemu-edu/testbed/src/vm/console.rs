//! The guest's kernel console: kept in a file, and watched for the end of the guest.

mod marker;

use std::{
    collections::VecDeque,
    fs::File,
    io::{ErrorKind, Read as _, Write as _},
    os::unix::net::UnixStream,
    sync::mpsc::SyncSender,
    thread::{self, JoinHandle},
};

use anyhow::Context as _;

pub use self::marker::Finding;
use super::link::Event;

/// Most bytes of one guest's console that are kept. A guest that floods it goes on, unkept.
const KEPT: u64 = 32 * 1024 * 1024;

/// Longest line that is looked at, in bytes; the rest of a longer one is not.
const LINE: usize = 1024;

/// Lines that are remembered for messages.
const LAST_LINES: usize = 25;

/// The thread that reads the console.
pub struct Console(JoinHandle<Ending>);

/// What the console showed up to its end.
#[derive(Debug, Default)]
pub struct Ending {
    /// The first finding, which the later ones mostly follow from.
    pub finding: Option<Finding>,
    /// The last lines.
    pub last_lines: Vec<String>,
}

impl Console {
    /// Starts to read. What it finds goes to `events`, what it reads to all `files`.
    pub fn start(
        stream: UnixStream,
        files: Vec<File>,
        events: SyncSender<Event>,
    ) -> anyhow::Result<Self> {
        let watch = move || watch(stream, files, &events);
        let thread = thread::Builder::new()
            .name("console".to_owned())
            .spawn(watch);
        Ok(Self(thread.context(
            "failed to start the thread that reads the console",
        )?))
    }

    /// Waits until QEMU has closed the console, and returns what it showed.
    pub fn finish(self) -> Ending {
        self.0.join().unwrap_or_default()
    }
}

fn watch(mut stream: UnixStream, files: Vec<File>, events: &SyncSender<Event>) -> Ending {
    let mut keeper = Keeper { files, left: KEPT };
    let mut lines = Lines::default();
    let mut first = None;
    let mut bytes = [0; 16 * 1024];
    loop {
        let count = match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // QEMU is gone; its end is reported by the link.
            Err(_) => break,
        };
        keeper.keep(&bytes[..count]);
        lines.extend(&bytes[..count], |line| {
            if let Some(finding) = marker::find(line) {
                first.get_or_insert_with(|| finding.clone());
                // The machine may be on its way down, with nobody left to listen.
                let _ = events.send(Event::Console(finding));
            }
        });
    }
    Ending {
        finding: first,
        last_lines: lines.last.into(),
    }
}

/// Writes to files up to a limit.
struct Keeper {
    files: Vec<File>,
    left: u64,
}

impl Keeper {
    fn keep(&mut self, bytes: &[u8]) {
        if self.left == 0 {
            return;
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(size);
        for file in &mut self.files {
            // A full disk must not end the guest; the last lines are kept in memory, too.
            let _ = file.write_all(bytes);
            if self.left == 0 {
                let _ = writeln!(file, "\n[testbed: the rest of the console is not kept]");
            }
        }
    }
}

/// Cuts bytes into lines, and remembers the last ones.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
    last: VecDeque<String>,
}

impl Lines {
    fn extend(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for &byte in bytes {
            if byte == b'\n' {
                let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
                self.line.clear();
                if line.is_empty() {
                    continue;
                }
                each(&line);
                if self.last.len() == LAST_LINES {
                    self.last.pop_front();
                }
                self.last.push_back(line);
            } else if self.line.len() < LINE {
                self.line.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_wherever_the_reads_end() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for piece in ["on", "e\r\n\r\ntw", "o\nthr"] {
            lines.extend(piece.as_bytes(), |line| seen.push(line.to_owned()));
        }
        assert_eq!(seen, ["one", "two"]);
        assert_eq!(lines.last, ["one", "two"]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            lines.extend(&[b'x'; 4096], |_| {});
        }
        lines.extend(b"\n", |_| {});
        assert_eq!(lines.last[0].len(), LINE);
    }

    #[test]
    fn only_the_last_lines_are_remembered() {
        let mut lines = Lines::default();
        for number in 0..100 {
            lines.extend(format!("{number}\n").as_bytes(), |_| {});
        }
        assert_eq!(lines.last.len(), LAST_LINES);
        assert_eq!(lines.last.back().unwrap(), "99");
    }

    #[test]
    fn keeping_ends_at_the_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut keeper = Keeper {
            files: vec![file.reopen().unwrap()],
            left: 10,
        };
        for _ in 0..5 {
            keeper.keep(b"12345678");
        }
        let kept = std::fs::read_to_string(file.path()).unwrap();
        assert!(kept.starts_with("1234567812345678\n[testbed"), "{kept}");
        assert_eq!(kept.lines().count(), 2);
    }
}
