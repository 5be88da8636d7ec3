//! Running the kernel's `make` in the build root. Source and objects appear at fixed places
//! there, which the kernel's build writes into its files.

use std::{path::Path, process::Command};

use anyhow::Context;

use super::{build_root::BuildRoot, run};
use crate::{
    namespace::{self, Mount},
    ui::{Step, Ui},
};

/// Where a kernel's source is seen in the build root.
pub const SOURCE: &str = "/usr/src/linux";

/// Where a kernel's objects are seen in the build root.
pub const OBJECTS: &str = "/usr/src/objects";

/// The C compilers that Debian builds this kernel with, by the name that its configuration holds.
pub const GCC: &[&str] = &["CC=x86_64-linux-gnu-gcc-14", "HOSTCC=gcc-14"];

/// The other C compiler: the kernel allows Rust together with KASAN only with this one.
pub const CLANG: &[&str] = &["LLVM=1"];

/// A kernel tree that is being made: source for reading, objects for writing.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    /// The build root.
    pub root: &'a BuildRoot,
    /// Source tree on the host.
    pub source: &'a Path,
    /// Folder for the objects on the host.
    pub objects: &'a Path,
    /// What `uname -r` shall print.
    pub release: &'a str,
    /// Arguments of `make` that choose the compilers: [`GCC`] or [`CLANG`].
    pub tools: &'a [&'a str],
}

impl Tree<'_> {
    /// A `make` in this tree, with as many jobs as there are processors.
    fn make(&self) -> Command {
        let mounts = [
            Mount::read(self.source, SOURCE),
            Mount::write(self.objects, OBJECTS),
        ];
        let mut command = namespace::inside(&self.root.tree, &mounts, "make");
        command
            .args(["-C", SOURCE, &format!("O={OBJECTS}")])
            .args(self.tools);
        command.arg(format!("KERNELRELEASE={}", self.release));
        command.arg(format!("-j{}", processors()));
        command
    }

    /// Runs `make` for the given targets. The bar grows with each file that is made, up to
    /// `expected`; returns how many were made.
    pub fn run(
        &self,
        ui: &Ui,
        step: &Step<'_>,
        targets: &[&str],
        expected: u64,
    ) -> anyhow::Result<u64> {
        let mut made = 0;
        step.set_length(expected);
        let mut command = self.make();
        command.args(targets);
        run::run(
            ui,
            step,
            &format!("make {}", targets.join(" ")),
            command,
            |line| {
                if is_progress(line) {
                    made += 1;
                    // The estimate may be too low; the bar is full only when the step is done.
                    step.set_position(made.min(expected.saturating_sub(1)));
                    step.message(line.trim());
                }
            },
        )?;
        Ok(made)
    }
}

/// Number of processors that may be used.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Whether a line of `make` says that a file is being made: two spaces, then what is done in
/// capitals.
fn is_progress(line: &str) -> bool {
    line.strip_prefix("  ").is_some_and(|rest| {
        rest.split_whitespace().next().is_some_and(|word| {
            word.len() > 1
                && word
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
    })
}

/// Copies a file, with both names in the message if that fails.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::copy(from, to)
        .map(|_| ())
        .with_context(|| format!("failed to copy {} to {}", from.display(), to.display()))
}

/// Writes a file, with its name in the message if that fails.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_make_files_are_told_apart() {
        for line in [
            "  CC      init/main.o",
            "  RUSTC L rust/core.o",
            "  LD [M]  a.ko",
        ] {
            assert!(is_progress(line), "{line}");
        }
        for line in [
            "make[1]: Entering directory",
            "warning: x",
            "  | ^^^",
            "",
            "  of x",
        ] {
            assert!(!is_progress(line), "{line}");
        }
    }
}
