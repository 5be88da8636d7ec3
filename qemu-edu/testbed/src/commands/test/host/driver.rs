//! Formatting, lints and makefile of the driver, and of the second one on the same core.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use tempfile::TempDir;

use super::{Context, spec};
use crate::{
    commands::new,
    namespace::{self, Mount},
    setup,
};

/// The module that a build makes.
const MODULE: &str = "irqcast_edu.ko";

/// What `make rust-analyzer` makes.
const PROJECT: &str = "rust-project.json";

/// Where the driver is seen in the build root.
const DRIVER: &str = "/usr/src/driver";

/// Where the kernel's source is seen in the build root.
const SOURCE: &str = "/usr/src/linux";

/// The driver's folder.
const EDU: &str = "driver";

/// That of the driver of e1000.
const E1000: &str = "tests/e1000";

/// A copy of a driver's source that a build may use as it likes. It is removed when dropped.
struct Copy {
    source: PathBuf,
    /// Folder for what a build makes.
    output: PathBuf,
    _folder: TempDir,
}

impl Copy {
    fn make(driver: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("failed to create a temporary folder")?;
        let (source, output) = (folder.path().join("source"), folder.path().join("output"));
        setup::copy_driver(driver, &source)?;
        fs::create_dir(&output)
            .with_context(|| format!("failed to create {}", output.display()))?;
        Ok(Self {
            source,
            output,
            _folder: folder,
        })
    }
}

/// The folder of one of the repository's drivers.
fn folder(context: &Context<'_>, driver: &str) -> PathBuf {
    context.setup.workspace().root.join(driver)
}

/// A driver that `new` writes: formatted, and built without warnings as it is.
pub(super) fn new_driver(context: &Context<'_>) -> anyhow::Result<()> {
    let parent = tempfile::tempdir().context("failed to make a temporary folder")?;
    let folder = parent.path().join("sample");
    new::write_sample(context.setup.workspace(), &folder)?;
    is_formatted(context, &folder)?;
    build_without_warnings(context, &folder, &["CLIPPY=1", "W=1"])?;
    spec::is_valid(
        context,
        &folder.join("spec"),
        "genetlink.yaml",
        "sample.yaml",
    )
}

/// Checks the formatting of every Rust file with the kernel's own rules.
pub(super) fn format(context: &Context<'_>) -> anyhow::Result<()> {
    is_formatted(context, &folder(context, EDU))
}

/// The same for the driver of e1000.
pub(super) fn e1000_format(context: &Context<'_>) -> anyhow::Result<()> {
    is_formatted(context, &folder(context, E1000))
}

/// Checks the formatting of the driver in a folder.
pub(super) fn is_formatted(context: &Context<'_>, driver: &Path) -> anyhow::Result<()> {
    let step = context.ui.step(&format!("format of {}", driver.display()));
    let copy = Copy::make(driver)?;
    let files = setup::driver_files(&copy.source)?;
    let mounts = [
        Mount::read(&copy.source, DRIVER),
        Mount::read(&context.kernel.built.source, SOURCE),
    ];
    let mut command = namespace::inside(&context.setup.root().tree, &mounts, "rustfmt");
    command
        .args(["--check", "--config-path"])
        .arg(format!("{SOURCE}/.rustfmt.toml"));
    let rust = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"));
    command.args(rust.map(|file| PathBuf::from(DRIVER).join(file)));
    setup::run_program(context.ui, &step, "rustfmt --check", command, |_| {})?;
    step.finish("");
    Ok(())
}

/// Builds with the kernel's Clippy lints; any warning is a fault.
pub(super) fn clippy(context: &Context<'_>) -> anyhow::Result<()> {
    build_without_warnings(context, &folder(context, EDU), &["CLIPPY=1"])
}

/// The same for the driver of e1000.
pub(super) fn e1000_clippy(context: &Context<'_>) -> anyhow::Result<()> {
    build_without_warnings(context, &folder(context, E1000), &["CLIPPY=1"])
}

/// Builds with the kernel's extra warnings; any warning is a fault.
pub(super) fn warnings(context: &Context<'_>) -> anyhow::Result<()> {
    build_without_warnings(context, &folder(context, EDU), &["W=1"])
}

/// Builds the driver in a folder with these switches; any warning is a fault.
pub(super) fn build_without_warnings(
    context: &Context<'_>,
    driver: &Path,
    switches: &[&str],
) -> anyhow::Result<()> {
    let switch = switches.join(" ");
    let step = context
        .ui
        .step(&format!("{} with {switch}", driver.display()));
    let copy = Copy::make(driver)?;
    let mut make =
        context
            .kernel
            .built
            .module_make(context.setup.root(), &copy.source, &copy.output, false);
    make.command.arg("-C").arg(&make.objects);
    make.command.arg(format!("M={}", make.module.display()));
    make.command.arg(format!("MO={}", make.output.display()));
    make.command.args(switches).arg("modules");
    let mut text = String::new();
    setup::run_program(
        context.ui,
        &step,
        &format!("make {switch}"),
        make.command,
        |line| {
            text.push_str(line);
            text.push('\n');
        },
    )?;
    let found = text.lines().filter(|line| is_warning(line)).count();
    anyhow::ensure!(
        found == 0,
        "make {switch}: {found} warnings\n{}",
        text.trim_end()
    );
    step.finish("");
    Ok(())
}

/// Whether a line begins a warning of rustc, Clippy, the C compiler or the kernel's scripts.
fn is_warning(line: &str) -> bool {
    let line = line.to_lowercase();
    // rustc ends with the number of its warnings, in the form of one more.
    (line.starts_with("warning") || line.contains(": warning:")) && !line.ends_with(" emitted")
}

/// Runs `make KDIR=…` in the driver's folder, as a person does.
pub(super) fn make_by_hand(context: &Context<'_>) -> anyhow::Result<()> {
    let copy = Copy::make(&folder(context, EDU))?;
    let name = "make in the driver's folder";
    in_driver_folder(context, &copy, name, "modules", MODULE).map(|_| ())
}

/// Runs `make KDIR=… rust-analyzer` there and looks for the driver in what it makes, and whether all files
/// are there that it names.
pub(super) fn rust_analyzer(context: &Context<'_>) -> anyhow::Result<()> {
    let name = "make rust-analyzer in the driver's folder";
    let copy = Copy::make(&folder(context, EDU))?;
    let text = in_driver_folder(context, &copy, name, "rust-analyzer", PROJECT)?;
    let project: serde_json::Value =
        serde_json::from_slice(&text).with_context(|| format!("{PROJECT} is not JSON"))?;
    let crates = project["crates"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let has = |name: &str| crates.iter().any(|found| found["display_name"] == name);
    anyhow::ensure!(
        has("irqcast_edu") && has("kernel"),
        "{PROJECT} names {} crates, but not both the driver and the kernel's",
        crates.len()
    );
    let paths: Vec<&str> = crates.iter().flat_map(paths_of_crate).collect();
    let missing: Vec<&&str> = paths
        .iter()
        .filter(|path| !on_this_machine(context, &copy, path).exists())
        .collect();
    anyhow::ensure!(
        missing.is_empty(),
        "{PROJECT} names files that are not there: {missing:?}"
    );
    Ok(())
}

/// The files and folders that a crate of `rust-project.json` is made of.
fn paths_of_crate(project: &serde_json::Value) -> Vec<&str> {
    let single = [&project["root_module"], &project["proc_macro_dylib_path"]];
    let folders = project["source"]["include_dirs"].as_array();
    let all = single.into_iter().chain(folders.into_iter().flatten());
    all.filter_map(serde_json::Value::as_str).collect()
}

/// Where a file is that the build root has at `path`. A relative path begins in the driver's folder.
fn on_this_machine(context: &Context<'_>, copy: &Copy, path: &str) -> PathBuf {
    let built = &context.kernel.built;
    let make = built.module_make(context.setup.root(), &copy.source, &copy.output, true);
    let shown = [
        (make.module.as_path(), copy.source.as_path()),
        (&make.objects, &built.objects),
        (Path::new(SOURCE), &built.source),
    ];
    let path = Path::new(path);
    if path.is_relative() {
        return copy.source.join(path);
    }
    let below = |(seen, real): &(&Path, &Path)| Some(real.join(path.strip_prefix(seen).ok()?));
    shown.iter().find_map(below).unwrap_or_else(|| {
        let root = &context.setup.root().tree;
        root.join(path.strip_prefix("/").unwrap_or(path))
    })
}

/// Runs a target of the driver's own makefile in a copy of its folder, and returns the file
/// that it shall make.
fn in_driver_folder(
    context: &Context<'_>,
    copy: &Copy,
    name: &str,
    target: &str,
    made: &str,
) -> anyhow::Result<Vec<u8>> {
    let step = context.ui.step(name);
    let mut make =
        context
            .kernel
            .built
            .module_make(context.setup.root(), &copy.source, &copy.output, true);
    let command: &mut Command = &mut make.command;
    command
        .arg("-C")
        .arg(&make.module)
        .arg(format!("KDIR={}", make.objects.display()))
        .arg(target);
    setup::run_program(
        context.ui,
        &step,
        &format!("make {target}"),
        make.command,
        |_| {},
    )?;
    let path = copy.source.join(made);
    let content = fs::read(&path)
        .with_context(|| format!("make {target} in the driver's folder made no {made}"))?;
    step.finish("");
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_is_made_of_its_root_its_folders_and_its_macros() {
        let project = serde_json::json!({
            "root_module": "/a/lib.rs",
            "source": { "include_dirs": ["/a", "/b"], "exclude_dirs": [] },
        });
        assert_eq!(paths_of_crate(&project), ["/a/lib.rs", "/a", "/b"]);
        let project = serde_json::json!({
            "root_module": "/a/lib.rs",
            "proc_macro_dylib_path": "/c/libm.so",
        });
        assert_eq!(paths_of_crate(&project), ["/a/lib.rs", "/c/libm.so"]);
    }

    #[test]
    fn warnings_are_told_from_other_lines() {
        for line in [
            "warning: unused variable: `x`",
            "a.c:3:1: warning: unused",
            "WARNING: modpost: missing MODULE_DESCRIPTION()",
        ] {
            assert!(is_warning(line), "{line}");
        }
        for line in [
            "warning: 2 warnings emitted",
            "  RUSTC [M] irqcast_edu.o",
            "  = note: `-W x` implied",
            "",
        ] {
            assert!(!is_warning(line), "{line}");
        }
    }
}
