//! Commands and their output as the documentation shows them, so that tests can run what a
//! reader would type and compare what a reader would see.
//!
//! A transcript is a fenced block of Markdown. Lines that start with the prompt are
//! commands; the lines below each are its output. In the output `…` stands for any text
//! within a line, and a line that is nothing but `…` for any number of lines.

/// A command and what it is said to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Line of the command in the document, counted from 1.
    pub line: usize,
    /// The command, without its prompt.
    pub command: String,
    /// The lines shown below it.
    pub output: Vec<String>,
}

/// The steps of all blocks of `markdown` whose fence has exactly the words `info`. Each
/// block is one session.
pub fn sessions(markdown: &str, info: &str, prompt: &str) -> Vec<Vec<Step>> {
    let mut sessions = Vec::new();
    let mut open: Option<Vec<Step>> = None;
    let mut foreign = false;
    for (number, line) in markdown.lines().enumerate() {
        if let Some(fence) = line.strip_prefix("```") {
            match open.take() {
                Some(steps) => sessions.push(steps),
                None if foreign => foreign = false,
                None if fence.trim() == info => open = Some(Vec::new()),
                None => foreign = true,
            }
        } else if let Some(steps) = &mut open {
            if let Some(command) = line.strip_prefix(prompt) {
                steps.push(Step {
                    line: number + 1,
                    command: command.trim().to_owned(),
                    output: Vec::new(),
                });
            } else if let Some(step) = steps.last_mut() {
                step.output.push(line.to_owned());
            }
        }
    }
    sessions
}

/// The texts of all blocks of `markdown` whose fence has exactly the words `info`, each with the line of
/// its fence in the document, counted from 1.
pub fn blocks(markdown: &str, info: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    // Whether the block that is open, if one is, is wanted.
    let mut open: Option<bool> = None;
    for (number, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(_), Some(_)) => open = None,
            (Some(fence), None) => {
                let is_wanted = fence.trim() == info;
                if is_wanted {
                    blocks.push((number + 1, String::new()));
                }
                open = Some(is_wanted);
            }
            (None, Some(true)) => {
                if let Some((_, text)) = blocks.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            (None, _) => {}
        }
    }
    blocks
}

/// Whether `actual` is what `expected` shows. White space within lines counts as one blank,
/// so that a table may be wider than the document shows it.
pub fn matches(expected: &[String], actual: &str) -> bool {
    let actual: Vec<String> = actual.lines().map(squeeze).collect();
    let expected: Vec<String> = expected.iter().map(|line| squeeze(line)).collect();
    lines_match(&expected, &actual)
}

fn squeeze(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lines_match(expected: &[String], actual: &[String]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((any, rest)) if any == "…" => {
            (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..]))
        }
        Some((line, rest)) => actual
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first) && lines_match(rest, others)),
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = actual.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{blocks, matches, sessions};

    #[test]
    fn finds_commands_and_output_of_the_named_blocks_only() {
        let text = "x\n```console guest\n# one\nout\nmore\n# two\n```\n```sh\n# three\n```\n";
        let found = sessions(text, "console guest", "# ");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0][0].command, "one");
        assert_eq!(found[0][0].line, 3);
        assert_eq!(found[0][0].output, ["out", "more"]);
        assert_eq!(found[0][1].command, "two");
        assert!(found[0][1].output.is_empty());
    }

    #[test]
    fn finds_the_named_blocks_whole() {
        let text = "```diff\n-a\n```\nx\n```sh\n```\n```diff\n b\n\n+c\n```\n";
        let expected = [(1, "-a\n".to_owned()), (7, " b\n\n+c\n".to_owned())];
        assert_eq!(blocks(text, "diff"), expected);
    }

    #[test]
    fn compares_with_ellipses() {
        for (expected, actual, same) in [
            (&["a b"][..], "a   b\n", true),
            (&["a b"], "a c\n", false),
            (&["a … c"], "a b b c\n", true),
            (&["a … c"], "a b b d\n", false),
            (&["…", "end"], "1\n2\nend\n", true),
            (&["…", "end"], "1\n2\n", false),
            (&["one"], "one\ntwo\n", false),
            (&[], "", true),
            (&["x…y…z"], "x1y2z", true),
            (&["x…y…z"], "x1z", false),
        ] {
            let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(matches(&expected, actual), same, "{expected:?} {actual:?}");
        }
    }
}
