//! What is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Collects problems while a text is read.
pub struct Problems<'a> {
    text: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// None found in `text` so far.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Adds a problem at `span`, in bytes of the text.
    pub fn add(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.add_with_hint(span, message, None);
    }

    /// The same, with what would be right.
    pub fn add_with_hint(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        let (line, column) = position(self.text.as_bytes(), span.start);
        self.found.push(Problem {
            line,
            column,
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// The line at `span`, from 1.
    pub fn line(&self, span: &Range<usize>) -> usize {
        position(self.text.as_bytes(), span.start).0
    }

    /// All of them, in the order of the text.
    pub fn into_found(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}

/// Line and column, from 1, of the byte at `offset`. Columns count characters.
pub fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let line = 1 + before[..line_start]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count();
    // Bytes that go on a character (10xxxxxx) are not counted.
    let column = 1 + before[line_start..]
        .iter()
        .filter(|&&byte| byte & 0xc0 != 0x80)
        .count();
    (line, column)
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{}", lines(file, problems))]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong; never empty.
        problems: Vec<Problem>,
    },
}

/// The problems as lines of the form `file:line:column: message`.
fn lines(file: &Path, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            format!(
                "{}:{}:{}: {problem}",
                file.display(),
                problem.line,
                problem.column
            )
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn positions_count_from_one_and_in_characters() {
        let text = "a\nüb\n\nc".as_bytes();
        let check = |offset, expected| assert_eq!(position(text, offset), expected, "{offset}");
        check(0, (1, 1));
        check(1, (1, 2));
        check(2, (2, 1));
        check(4, (2, 2));
        check(5, (2, 3));
        check(6, (3, 1));
        check(7, (4, 1));
        check(8, (4, 2));
        check(99, (4, 2));
    }
}
