//! The kernel's files after each patch of the series.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context as _;

use super::{
    manifest::{Manifest, Patch},
    rules,
};

/// The file of the kernel's that is there already, in the folder of [`Files`].
pub(super) const EXISTING: &str = "netlink.rs";

/// Where the modules are declared: in front of this.
const DECLARATIONS: &str = "/// The default netlink message size.\n";

/// Files below `rust/kernel/net`, by their path in it, with their text.
pub(super) type Files = BTreeMap<String, String>;

/// Returns the files before the first patch and after each one, not yet formatted: `existing` is the
/// kernel's file, and the folder `driver` holds those of the driver.
pub(super) fn of(manifest: &Manifest, existing: &str, driver: &Path) -> anyhow::Result<Vec<Files>> {
    let mut own = existing.to_owned();
    let mut files = Files::from([(EXISTING.to_owned(), own.clone())]);
    let mut steps = vec![files.clone()];
    let mut declarations = Vec::new();
    for patch in &manifest.patch {
        for edit in &patch.edit {
            own = edit.apply(&own)?;
        }
        declarations.extend(declared(patch, &files));
        for file in &patch.files {
            let path = driver.join(file);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            let later = patch.later.iter().filter_map(|name| name.split_once("::"));
            let text = later
                .filter(|(module, _)| *module == module_of(file))
                .fold(text, |text, (_, name)| rules::without_function(&text, name));
            let text = rules::to_kernel(&text).with_context(|| path.display().to_string())?;
            files.insert(below(file), text);
        }
        files.insert(EXISTING.to_owned(), declare(&own, &declarations)?);
        steps.push(files.clone());
    }
    Ok(steps)
}

/// Where a file of the driver's goes.
fn below(file: &str) -> String {
    format!("netlink/{file}")
}

/// The module that a file holds.
fn module_of(file: &str) -> &str {
    file.trim_end_matches(".rs")
}

/// The lines that declare what a patch adds to `files`: modules, then what is exported of them.
fn declared(patch: &Patch, files: &Files) -> Vec<(Kind, String)> {
    let new = patch
        .files
        .iter()
        .filter(|file| !files.contains_key(&below(file)));
    let mut lines: Vec<_> = new
        .map(|file| {
            let name = module_of(file);
            let public = patch.modules.iter().any(|module| module == name);
            let visibility = if public { "pub " } else { "" };
            (Kind::Module, format!("{visibility}mod {name};"))
        })
        .collect();
    let mut exports = BTreeMap::<&str, Vec<&str>>::new();
    for export in &patch.exports {
        if let Some((module, name)) = export.split_once("::") {
            exports.entry(module).or_default().push(name);
        }
    }
    lines.extend(exports.into_iter().map(|(module, names)| {
        let line = match names.as_slice() {
            [name] => format!("pub use self::{module}::{name};"),
            names => format!(
                "pub use self::{module}::{{\n    {}, //\n}};",
                names.join(",\n    ")
            ),
        };
        (Kind::Export, line)
    }));
    lines
}

/// What a line declares; modules come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Module,
    Export,
}

/// Puts declarations into the kernel's own file.
fn declare(own: &str, declarations: &[(Kind, String)]) -> anyhow::Result<String> {
    let mut sorted = declarations.to_vec();
    sorted.sort_by(|(kind, line), (other_kind, other)| {
        let name = |line: &str| line.trim_start_matches("pub ").to_owned();
        (kind, name(line)).cmp(&(other_kind, name(other)))
    });
    let mut block = String::new();
    let mut last = None;
    for (kind, line) in &sorted {
        if last.is_some_and(|last| last != kind) {
            block.push('\n');
        }
        last = Some(kind);
        block.push_str(&format!("{line}\n"));
    }
    super::manifest::Edit {
        find: DECLARATIONS.to_owned(),
        replace: format!("{block}\n{DECLARATIONS}"),
    }
    .apply(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str =
        "use core::a;\n\n/// The default netlink message size.\npub const A: usize = 1;\n";

    #[test]
    fn series_declares_what_each_patch_adds() {
        let driver = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.rs", "pub(crate) fn a() {}\n"),
            (
                "b.rs",
                "struct B;\n\nimpl B {\n    fn one() {\n    }\n\n    fn two() {\n    }\n}\n",
            ),
        ] {
            fs::write(driver.path().join(name), text).unwrap();
        }
        let manifest = Manifest::parse(
            r#"
            cover = { subject = "c", text = "" }
            [[patch]]
            subject = "one"
            text = ""
            files = ["b.rs"]
            later = ["b::two"]
            exports = ["b::B", "b::C"]
            edit = [{ find = "usize = 1", replace = "usize = 2" }]
            [[patch]]
            subject = "two"
            text = ""
            files = ["a.rs", "b.rs"]
            modules = ["a"]
            "#,
        )
        .unwrap();
        let steps = of(&manifest, OWN, driver.path()).unwrap();
        assert_eq!(steps.len(), 3);
        assert_eq!(
            steps[0],
            Files::from([(EXISTING.to_owned(), OWN.to_owned())])
        );
        assert!(!steps[1]["netlink/b.rs"].contains("two"));
        assert!(steps[2]["netlink/b.rs"].contains("two"));
        assert_eq!(
            steps[2][EXISTING],
            "use core::a;\n\npub mod a;\nmod b;\n\npub use self::b::{\n    B,\n    C, //\n};\n\n\
             /// The default netlink message size.\npub const A: usize = 2;\n"
        );
    }
}
