//! What the kernel's own tools say of the series.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};

use super::{mail::Mail, steps::Files};
use crate::{
    namespace::{self, Mount},
    setup::{self, KernelSetup, Setup},
    ui::{Step, Ui},
};

/// Where the kernel's source is seen in the build root.
const SOURCE: &str = "/usr/src/linux";

/// Where its objects are.
const OBJECTS: &str = "/usr/src/objects";

/// Where the files that are worked on are.
const WORK: &str = "/usr/src/work";

/// Where the folder is that the series changes.
const CHANGED: &str = "/usr/src/linux/rust/kernel/net";

/// Where results go.
const OUTPUT: &str = "/usr/src/output";

/// Compiles the kernel crate.
const BUILD: &str = include_str!("build.sh");

/// What `checkpatch.pl` is not asked. New files need no line in MAINTAINERS: `rust/kernel/net/` is there.
const NOT_ASKED: &str = "FILE_PATH_CHANGES";

/// How much of each patch is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The kernel crate with all patches is checked, as `cargo check` does.
    Last,
    /// The kernel crate is compiled after each patch.
    Each,
}

/// A program in the build root that sees the kernel's source, and more.
fn program(setup: &Setup, kernel: &KernelSetup, more: &[Mount], name: &str) -> Command {
    let source = [Mount::read(&kernel.built.source, SOURCE)];
    namespace::inside(&setup.root().tree, &[&source, more].concat(), name)
}

/// Formats the files of all steps by the kernel's rules.
pub(super) fn format(
    setup: &Setup,
    kernel: &KernelSetup,
    steps: &mut [Files],
    ui: &Ui,
    step: &Step<'_>,
) -> anyhow::Result<()> {
    let work = tempfile::tempdir().context("failed to create a temporary folder")?;
    for (number, files) in steps.iter().enumerate() {
        write(files, &work.path().join(number.to_string()))?;
    }
    let mut command = program(setup, kernel, &[Mount::write(work.path(), WORK)], "rustfmt");
    command
        .arg("--config-path")
        .arg(format!("{SOURCE}/.rustfmt.toml"));
    for (number, files) in steps.iter().enumerate() {
        command.args(files.keys().map(|file| format!("{WORK}/{number}/{file}")));
    }
    setup::run_program(ui, step, "rustfmt", command, |_| {})?;
    for (number, files) in steps.iter_mut().enumerate() {
        for (name, text) in files {
            let path = work.path().join(number.to_string()).join(name);
            *text = fs::read_to_string(&path)
                .with_context(|| format!("failed to read {}", path.display()))?;
        }
    }
    Ok(())
}

fn write(files: &Files, folder: &Path) -> anyhow::Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("failed to create {}", parent.display()))?;
        setup::write(&path, text)?;
    }
    Ok(())
}

/// Asks `checkpatch.pl --strict` about patches.
pub(super) fn checkpatch(
    setup: &Setup,
    kernel: &KernelSetup,
    patches: &[Mail],
    ui: &Ui,
    step: &Step<'_>,
) -> anyhow::Result<()> {
    let maintainers = kernel.built.source.join("MAINTAINERS");
    let text = fs::read_to_string(&maintainers)
        .with_context(|| format!("failed to read {}", maintainers.display()))?;
    ensure!(
        text.contains("\nF:\trust/kernel/net/\n"),
        "MAINTAINERS does not name rust/kernel/net/ any more: a patch has to"
    );
    let work = tempfile::tempdir().context("failed to create a temporary folder")?;
    for patch in patches {
        setup::write(&work.path().join(&patch.name), &patch.text)?;
    }
    let mut command = program(setup, kernel, &[Mount::read(work.path(), WORK)], "perl");
    command.arg(format!("{SOURCE}/scripts/checkpatch.pl"));
    command.arg(format!("--root={SOURCE}"));
    command.args(["--strict", "--no-summary", "--ignore", NOT_ASKED]);
    command.args(patches.iter().map(|patch| format!("{WORK}/{}", patch.name)));
    setup::run_program(ui, step, "checkpatch.pl --strict", command, |_| {})
}

/// Compiles the kernel crate with the patches.
pub(super) fn build(
    setup: &Setup,
    kernel: &KernelSetup,
    steps: &[Files],
    how: Build,
    ui: &Ui,
    step: &Step<'_>,
) -> anyhow::Result<()> {
    let (first, what) = match how {
        Build::Last => (steps.len() - 1, "metadata"),
        Build::Each => (1, "obj"),
    };
    for (number, files) in steps.iter().enumerate().skip(first) {
        step.message(&format!("patch {number}"));
        let work = tempfile::tempdir().context("failed to create a temporary folder")?;
        let [changed, output] = ["net", "output"].map(|name| work.path().join(name));
        fs::create_dir(&output)
            .with_context(|| format!("failed to create {}", output.display()))?;
        // What the series does not touch is in the folder, too.
        copy(&kernel.built.source.join("rust/kernel/net"), &changed)?;
        write(files, &changed)?;
        let mounts = [
            Mount::read(&kernel.built.objects, OBJECTS),
            Mount::read(&changed, CHANGED),
            Mount::write(&output, OUTPUT),
        ];
        let mut command = program(setup, kernel, &mounts, "sh");
        command.args(["-c", BUILD, "build.sh", what]);
        let name = format!("the kernel crate with patch {number}");
        setup::run_program(ui, step, &name, command, |_| {})?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("failed to create {}", to.display()))?;
    let items = fs::read_dir(from).with_context(|| format!("failed to list {}", from.display()))?;
    for item in items {
        let item = item.with_context(|| format!("failed to list {}", from.display()))?;
        let (path, target) = (item.path(), to.join(item.file_name()));
        match path.is_dir() {
            true => copy(&path, &target)?,
            false => fs::copy(&path, &target)
                .map(|_| ())
                .with_context(|| format!("failed to copy {}", path.display()))?,
        }
    }
    Ok(())
}
