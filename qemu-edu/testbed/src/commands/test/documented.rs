//! The commands that the documentation shows are run as written, and print what it shows.
//!
//! Blocks with the words `console guest` are sessions inside the guest, which the end-to-end
//! tests run. This is about blocks with the word `console`, which a person types on the host.

use std::fs;

use anyhow::{Context as _, bail, ensure};
use irqcast_tests::transcript::{matches, sessions};

use super::lifecycle::Testbed;
use crate::setup::Workspace;

/// How every command begins.
const PROGRAM: &str = "cargo testbed ";

/// The command that runs this test, and so cannot be run by it. Its last line is checked by
/// whoever counts the tests.
const ITSELF: &str = "test";

/// Runs them all.
pub fn check(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let top = Workspace::find()?.root;
    let mut documents = vec![top.join("README.md")];
    for entry in fs::read_dir(top.join("docs"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    let mut run = 0;
    for document in documents {
        let text = fs::read_to_string(&document)
            .with_context(|| format!("failed to read {}", document.display()))?;
        for step in sessions(&text, "console", "$ ").into_iter().flatten() {
            let place = format!("{}:{}", document.display(), step.line);
            let Some(arguments) = step.command.strip_prefix(PROGRAM) else {
                bail!("{place}: {:?} is not run by any test", step.command);
            };
            if arguments == ITSELF {
                continue;
            }
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let ended = Testbed::end_of(testbed.program(&arguments)?, b"")?;
            ensure!(
                ended.code == Some(0) && matches(&step.output, &ended.stdout),
                "{place}: {:?} ended with {:?}, is said to print\n{}\nand prints\n{}\n{}",
                step.command,
                ended.code,
                step.output.join("\n"),
                ended.stdout,
                ended.stderr
            );
            run += 1;
        }
    }
    ensure!(run > 0, "no document shows a command");
    Ok(())
}
