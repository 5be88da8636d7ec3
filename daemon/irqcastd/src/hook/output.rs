//! What a hook prints, cut into lines for the log.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Longest line that is logged, in bytes. The rest of a longer one is left out.
pub const LINE_MAX: usize = 1024;

/// How much is read at a time, in bytes, so that a hook that floods its output holds up nobody.
const READ_MAX: usize = 16 * 1024;

/// A line, or the beginning of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text without the newline. What is not UTF-8 is replaced, and control characters are escaped.
    pub text: String,
    /// Whether a part of the line is left out.
    pub cut: bool,
}

/// Cuts bytes into lines. Pure.
#[derive(Default)]
pub struct Lines {
    partial: Vec<u8>,
    cut: bool,
}

impl Lines {
    /// Takes more bytes, and returns the lines that are complete.
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.append(&bytes[..end]);
            lines.push(self.take());
            bytes = &bytes[end + 1..];
        }
        self.append(bytes);
        lines
    }

    /// The last line, if it does not end in a newline.
    pub fn finish(&mut self) -> Option<Line> {
        (!self.partial.is_empty()).then(|| self.take())
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = LINE_MAX - self.partial.len();
        self.cut |= bytes.len() > room;
        self.partial.extend(&bytes[..bytes.len().min(room)]);
    }

    fn take(&mut self) -> Line {
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&bytes);
        Line {
            text: text.chars().flat_map(printable).collect(),
            cut: std::mem::take(&mut self.cut),
        }
    }
}

/// A hook must not be able to write control sequences to a terminal, or lines of its own, in the log.
fn printable(character: char) -> impl Iterator<Item = char> {
    let escaped = (character.is_control() && character != '\t')
        .then(|| character.escape_default())
        .into_iter()
        .flatten();
    let plain = (!character.is_control() || character == '\t').then_some(character);
    plain.into_iter().chain(escaped)
}

/// Room for what one read brings. All hooks share one: clearing so much for each read costs more than the
/// read.
pub struct Room(Box<[u8]>);

impl Default for Room {
    fn default() -> Self {
        Self(vec![0; READ_MAX].into())
    }
}

/// The pipe that a hook prints to.
pub struct Output {
    pipe: File,
    /// The end that is written to. As long as this is here the pipe has no end, so that a hook that ends does
    /// not wake the daemon twice.
    written_to: Option<OwnedFd>,
    lines: Lines,
}

/// What a read brought.
pub struct Printed {
    /// The lines.
    pub lines: Vec<Line>,
    /// Whether there may be more at once, there is nothing for now, or it has ended.
    pub state: State,
}

/// Whether there is more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Perhaps.
    More,
    /// Not now.
    Empty,
    /// Never again.
    Ended,
}

impl Output {
    /// Reads from `pipe`, which does not block. `written_to` is its other end, which the hook has too.
    pub fn new(pipe: OwnedFd, written_to: OwnedFd) -> Self {
        Self {
            pipe: pipe.into(),
            written_to: Some(written_to),
            lines: Lines::default(),
        }
    }

    /// The hook has ended: there is an end now, unless it has left somebody who may print.
    pub fn hook_ended(&mut self) {
        self.written_to = None;
    }

    /// Reads what is there, up to a bound.
    pub fn read(&mut self, Room(buffer): &mut Room) -> io::Result<Printed> {
        match self.pipe.read(buffer) {
            Ok(0) => Ok(Printed {
                lines: self.finish().into_iter().collect(),
                state: State::Ended,
            }),
            Ok(length) => Ok(Printed {
                lines: self.lines.push(&buffer[..length]),
                state: State::More,
            }),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(Printed {
                    lines: Vec::new(),
                    state: State::Empty,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The last line, if it does not end in a newline.
    pub fn finish(&mut self) -> Option<Line> {
        self.lines.finish()
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes the pieces, and expects these lines, the last one from `finish`.
    fn check(pieces: &[&[u8]], expected: &[(&str, bool)]) {
        let mut lines = Lines::default();
        let mut found: Vec<Line> = pieces.iter().flat_map(|piece| lines.push(piece)).collect();
        found.extend(lines.finish());
        let found: Vec<(&str, bool)> = found
            .iter()
            .map(|line| (line.text.as_str(), line.cut))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn pieces_become_lines() {
        check(&[], &[]);
        check(&[b"a\nb\n"], &[("a", false), ("b", false)]);
        check(
            &[b"a", b"b\n\nc"],
            &[("ab", false), ("", false), ("c", false)],
        );
    }

    #[test]
    fn long_lines_are_cut() {
        let long = [b'x'; LINE_MAX];
        let text = "x".repeat(LINE_MAX);
        check(&[&long, b"\n"], &[(&text, false)]);
        check(
            &[&long, b"y", &long, b"\nz\n"],
            &[(&text, true), ("z", false)],
        );
        check(&[&long, &long], &[(&text, true)]);
    }

    #[test]
    fn what_is_no_text_is_made_harmless() {
        check(&[b"a\xffb\n"], &[("a\u{fffd}b", false)]);
        check(&[b"\x1b[31mred\r\n"], &[("\\u{1b}[31mred\\r", false)]);
        check(&[b"a\tb\n"], &[("a\tb", false)]);
    }
}
