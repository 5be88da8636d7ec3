//! docs/porting.md, as a person would type it: from nothing to a hook of one's own.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use irqcast_tests::transcript::{Step, blocks, matches, sessions};

use super::lifecycle::Testbed;
use crate::{mutants::changed_files, setup::Workspace};

const DOCUMENT: &str = "docs/porting.md";

/// Words of the fences of what is typed, and of what is changed in the driver's folder.
const TYPED: &str = "console porting";
const CHANGED: &str = "diff porting";

/// How every command begins.
const PROGRAM: &str = "cargo testbed ";

/// The driver's folder, beside the one in which the commands are typed.
const DRIVER: &str = "cable";

/// What the page has a person do.
enum Action {
    Type(Step),
    Change(String),
}

/// Does all of it, in the order of the page, and says how long the machine took. Nothing depends on that; it is
/// less from the second run on, whose builds are in the cache.
pub fn check(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let text = fs::read_to_string(Workspace::find()?.root.join(DOCUMENT))
        .with_context(|| format!("failed to read {DOCUMENT}"))?;
    let typed = sessions(&text, TYPED, "$ ").concat().into_iter();
    let typed = typed.map(|step| (step.line, Action::Type(step)));
    let changed = blocks(&text, CHANGED).into_iter();
    let mut actions: Vec<_> = typed
        .chain(changed.map(|(line, diff)| (line, Action::Change(diff))))
        .collect();
    actions.sort_by_key(|(line, _)| *line);
    ensure!(!actions.is_empty(), "{DOCUMENT} has nothing to do");

    let parent = tempfile::tempdir().context("failed to make a folder")?;
    let here = parent.path().join("irqcast");
    fs::create_dir(&here).context("failed to make a folder")?;
    let started = Instant::now();
    let mut hook = None;
    for (line, action) in actions {
        let place = format!("{DOCUMENT}:{line}");
        match action {
            Action::Change(diff) => change(&parent.path().join(DRIVER), &diff, &place)?,
            Action::Type(step) => {
                let printed = type_in(testbed, &here, &step, &place)?;
                if printed.contains(" hooks ran.") {
                    hook.get_or_insert(started.elapsed());
                }
            }
        }
    }
    let hook: Duration = hook.with_context(|| format!("{DOCUMENT} leads to no hook"))?;
    println!(
        "          {DOCUMENT}: {:.0} s of the machine to the first hook, {:.0} s to the end",
        hook.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn change(driver: &Path, diff: &str, place: &str) -> anyhow::Result<()> {
    // In Markdown an empty line of the context has no blank in front, as `patch` takes it too.
    let lines = diff
        .lines()
        .map(|line| if line.is_empty() { " " } else { line });
    let diff: String = lines.flat_map(|line| [line, "\n"]).collect();
    for (path, text) in changed_files(&diff, place, driver)? {
        let path = driver.join(path);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// Runs a command, and returns what it prints, which has to be what the page shows.
fn type_in(testbed: &Testbed<'_>, here: &Path, step: &Step, place: &str) -> anyhow::Result<String> {
    let Some(arguments) = step.command.strip_prefix(PROGRAM) else {
        bail!("{place}: {:?} is not run by any test", step.command);
    };
    let arguments = words(arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = testbed.program(&arguments)?;
    command.current_dir(here);
    let ended = Testbed::end_of(command, b"")?;
    ensure!(
        ended.code == Some(0) && matches(&step.output, &ended.stdout),
        "{place}: {:?} ended with {:?}, is said to print\n{}\nand prints\n{}\n{}",
        step.command,
        ended.code,
        step.output.join("\n"),
        ended.stdout,
        ended.stderr
    );
    Ok(ended.stdout)
}

/// The words of a command line, of which some are in single quotes, as a shell finds them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in line.split('\'').enumerate() {
        match place % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quoted_text_is_one_word() {
        assert_eq!(
            words("run -- sh -c 'a && b'"),
            ["run", "--", "sh", "-c", "a && b"]
        );
    }
}
