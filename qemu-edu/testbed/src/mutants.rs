//! The project without one of its answers to a hazard: patches, each with the tests that have to
//! fail then. So the tests are tested.

mod copy;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use diffy::patch_set::{ParseOptions, PatchSet};
use irqcast_tests::table::tables;

pub use self::copy::ProjectCopy;
use crate::setup::Workspace;

/// Folder of the patches in the repository.
const FOLDER: &str = "tests/mutants";

/// What begins the line of a patch that names a test.
const TEST: &str = "Test: ";

/// The document with the table of hazards.
pub const DOCUMENT: &str = "docs/architecture.md";

/// Header of that table.
pub const HEADER: [&str; 3] = ["hazard", "answer", "test"];

/// A patch that takes one answer away.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// Its name, that of its file without the ending.
    pub name: String,
    /// The tests that have to fail.
    pub tests: Vec<String>,
    /// The patch, as diffs of files.
    diff: String,
}

/// All mutants of the project, by name.
pub fn all(workspace: &Workspace) -> anyhow::Result<Vec<Mutant>> {
    let folder = workspace.root.join(FOLDER);
    let items = fs::read_dir(&folder).with_context(|| format!("failed to list {FOLDER}"))?;
    let mut mutants = Vec::new();
    for item in items {
        let path = item
            .with_context(|| format!("failed to list {FOLDER}"))?
            .path();
        if path.extension().is_none_or(|ending| ending != "patch") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let mutant = Mutant::parse(&name, &text);
        mutants.push(mutant.with_context(|| format!("{FOLDER}/{name}.patch is wrong"))?);
    }
    mutants.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(mutants)
}

/// The tests of the table of hazards, one for each row.
pub fn tests_of_hazards(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(workspace.root.join(DOCUMENT))
        .with_context(|| format!("failed to read {DOCUMENT}"))?;
    let table = tables(&text)
        .into_iter()
        .find(|table| table.header == HEADER)
        .with_context(|| format!("{DOCUMENT} has no table {HEADER:?}"))?;
    let tests = table.rows.iter().map(|row| row[2].trim_matches('`'));
    Ok(tests.map(str::to_owned).collect())
}

impl Mutant {
    fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let start = text
            .find("\n--- ")
            .context("it has no diff, which would begin with a line `--- a/FILE`")?;
        let (head, diff) = text.split_at(start + 1);
        let tests: Vec<_> = head
            .lines()
            .filter_map(|line| line.strip_prefix(TEST))
            .map(|test| test.trim().to_owned())
            .collect();
        ensure!(
            !tests.is_empty(),
            "no line in front of its diff says `{TEST}NAME`"
        );
        ensure!(
            head.lines()
                .any(|line| !line.is_empty() && !line.starts_with(TEST)),
            "it does not begin with what it takes away"
        );
        Ok(Self {
            name: name.to_owned(),
            tests,
            diff: diff.to_owned(),
        })
    }

    /// What the files that it changes become: paths relative to `root`, which holds the project, and
    /// their new text.
    pub fn changes(&self, root: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
        let name = format!("{FOLDER}/{}.patch", self.name);
        changed_files(&self.diff, &name, root)
    }
}

/// What the files become that a unified diff changes: paths relative to `root`, and their new text. The
/// diff is called `name` in messages.
pub fn changed_files(
    diff: &str,
    name: &str,
    root: &Path,
) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let mut changes = BTreeMap::new();
    for patch in PatchSet::parse(diff, ParseOptions::unidiff()) {
        let patch = patch.with_context(|| format!("{name} is no unified diff"))?;
        let operation = patch.operation().strip_prefix(1);
        let diffy::patch_set::FileOperation::Modify { original, modified } = operation else {
            bail!("{name} does more than to change a file");
        };
        ensure!(
            original == modified,
            "{name} renames {original} to {modified}"
        );
        let path = PathBuf::from(original.as_ref());
        let text = fs::read_to_string(root.join(&path))
            .with_context(|| format!("failed to read {original}, which {name} changes"))?;
        let diff = patch
            .patch()
            .as_text()
            .with_context(|| format!("{name} is no text"))?;
        let changed = diffy::apply(&text, diff)
            .with_context(|| format!("{name} does not fit {original} any more; make it anew"))?;
        changes.insert(path, changed);
    }
    ensure!(!changes.is_empty(), "{name} changes nothing");
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "\
Nobody is greeted.

Test: greetings::everybody_is
Test: greetings::nobody_is_forgotten

--- a/driver/greet.rs
+++ b/driver/greet.rs
@@ -1,3 +1,2 @@
 fn greet() {
-    say();
 }
--- a/driver/say.rs
+++ b/driver/say.rs
@@ -1 +1 @@
-one
+two
";

    #[test]
    fn a_patch_names_tests_and_changes_files() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("driver/greet.rs", "fn greet() {\n    say();\n}\n");
        write("driver/say.rs", "one\n");
        let mutant = Mutant::parse("silent", PATCH).unwrap();
        assert_eq!(
            mutant.tests,
            ["greetings::everybody_is", "greetings::nobody_is_forgotten"]
        );
        let changes = mutant.changes(root.path()).unwrap();
        let expected = [
            ("driver/greet.rs", "fn greet() {\n}\n"),
            ("driver/say.rs", "two\n"),
        ];
        assert_eq!(
            changes.into_iter().collect::<Vec<_>>(),
            expected.map(|(path, text)| (PathBuf::from(path), text.to_owned()))
        );

        write("driver/say.rs", "three\n");
        let error = mutant.changes(root.path()).unwrap_err();
        assert!(error.to_string().contains("driver/say.rs"), "{error:#}");
    }

    #[test]
    fn a_patch_says_what_it_is_for() {
        let without_test = PATCH.replace("Test: ", "");
        let without_text = PATCH.replace("Nobody is greeted.", "");
        let without_diff = PATCH.replace("--- a", "a");
        for text in [without_test, without_text, without_diff] {
            assert!(Mutant::parse("silent", &text).is_err(), "{text}");
        }
    }
}
