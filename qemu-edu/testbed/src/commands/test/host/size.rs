//! How much a second driver on the core is: no more than the documentation says.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use super::Context;
use crate::setup;

/// The driver that is counted. Its core is there by links, which are left out.
const DRIVER: &str = "tests/e1000";

/// The folder in it that has no code, but the wire contract.
const SPECIFICATION: &str = "spec";

/// Lines that it may have.
const MOST: usize = 150;

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("size of the driver of e1000");
    let folder = context.setup.workspace().root.join(DRIVER);
    let counts = own_code(&folder)?
        .into_iter()
        .map(|file| {
            let path = folder.join(&file);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            Ok((file, code_lines(&text)))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let sum: usize = counts.iter().map(|(_, lines)| lines).sum();
    let list = || {
        counts
            .iter()
            .map(|(file, lines)| format!("\n{lines:>5}  {DRIVER}/{}", file.display()))
            .collect::<String>()
    };
    ensure!(sum > 0, "{} has no files", folder.display());
    ensure!(
        sum <= MOST,
        "the driver of e1000 has {sum} lines that are neither blank nor comment, more than {MOST}:{}",
        list()
    );
    step.finish(&format!("{sum} lines of {MOST}"));
    Ok(())
}

/// Those of the driver's files that are its own code, relative to its folder.
fn own_code(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = setup::driver_files(folder)?;
    files.retain(|file| !file.starts_with(SPECIFICATION) && !is_linked(folder, file));
    Ok(files)
}

/// Whether a file is in the folder by a link to it, or to a folder that it is in.
fn is_linked(folder: &Path, file: &Path) -> bool {
    file.ancestors()
        .filter(|part| !part.as_os_str().is_empty())
        .any(|part| folder.join(part).is_symlink())
}

/// Lines that are neither blank nor a comment, which begins with `//` or, in makefiles, with `# `. Rust's
/// attributes count. Block comments are not known, and count too.
fn code_lines(text: &str) -> usize {
    let is_code = |line: &&str| {
        let is_comment = line.starts_with("//") || *line == "#" || line.starts_with("# ");
        !line.is_empty() && !is_comment
    };
    text.lines().map(str::trim).filter(is_code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_comments_do_not_count() {
        let rust = "// SPDX\n\n//! Doc.\n#[expect(dead_code)]\nfn f() {} // why\n    /// Doc.\n";
        assert_eq!(code_lines(rust), 2);
        let makefile = "# SPDX\n#\n# Text\n\nobj-m := x.o\n";
        assert_eq!(code_lines(makefile), 1);
    }

    #[test]
    fn links_and_the_specification_are_no_part_of_the_driver() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["device", "spec"] {
            fs::create_dir(at(name)).unwrap();
        }
        for name in ["Kbuild", "device/regs.rs", "spec/x.yaml", "regs.o"] {
            fs::write(at(name), "x\n").unwrap();
        }
        for (name, to) in [("core.rs", "Kbuild"), ("core", "device")] {
            std::os::unix::fs::symlink(to, at(name)).unwrap();
        }
        assert_eq!(
            own_code(folder.path()).unwrap(),
            [Path::new("Kbuild"), Path::new("device/regs.rs")]
        );
    }
}
