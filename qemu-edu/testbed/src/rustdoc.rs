//! The pages that document the notification core and the driver.
//!
//! A module of the kernel can only be documented with the flags that the kernel gives its compiler, so
//! rustdoc is called by the kernel's own build, in the compiler's place (`rustdoc/document.sh`). What is
//! compiled beside it is the example in the core's documentation, with the core. Clippy compiles, since only
//! it sees items without documentation that are public within the crate: all of the core is.

mod example;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use crate::{
    namespace::Mount,
    setup::{self, KernelSetup, Setup},
    ui::Ui,
};

/// The compiler's stand-in.
const SCRIPT: (&str, &str) = ("document.sh", include_str!("rustdoc/document.sh"));

/// What Clippy has to know: what can be used within the crate is to be documented, and no more.
const LINTS: (&str, &str) = ("clippy.toml", "missing-docs-in-crate-items = true\n");

/// Where the stand-in is seen in the build root.
const TOOLS: &str = "/usr/src/tools";

/// Where the pages are seen in the build root.
const PAGES: &str = "/usr/src/doc";

/// The page to begin with, in the folder of pages.
const START: &str = "irqcast_edu/irqcast/index.html";

/// Makes the pages in the folder `output`, and returns the one to begin with.
///
/// Fails if a link is broken, if an item of the core is not documented, or if the example does not compile.
pub fn make(
    setup: &Setup,
    kernel: &KernelSetup,
    series: &str,
    output: &Path,
    ui: &Ui,
) -> anyhow::Result<PathBuf> {
    let step = ui.step("documentation of the driver");
    let folder = tempfile::tempdir().context("failed to create a temporary folder")?;
    let [source, objects, tools, pages] =
        ["source", "objects", "tools", "pages"].map(|name| folder.path().join(name));
    setup::copy_driver(&setup.workspace().driver(), &source)?;
    example::put_into(&source)?;
    for folder in [&objects, &tools, &pages] {
        fs::create_dir(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    }
    for (name, text) in [SCRIPT, LINTS] {
        setup::write(&tools.join(name), text)?;
    }
    let more = [Mount::read(&tools, TOOLS), Mount::write(&pages, PAGES)];
    let mut make = kernel
        .built
        .module_make_with(setup.root(), &source, &objects, false, &more);
    make.command.arg("-C").arg(&make.objects);
    make.command.arg(format!("M={}", make.module.display()));
    make.command.arg(format!("MO={}", make.output.display()));
    make.command
        .arg(format!("RUSTC_OR_CLIPPY=sh {TOOLS}/{}", SCRIPT.0));
    make.command.arg("modules");
    setup::run_program(ui, &step, "rustdoc", make.command, |line| {
        if line.starts_with("  ") {
            step.message(line.trim());
        }
    })?;
    ensure!(
        pages.join(START).exists(),
        "rustdoc made no {START}; does driver/irqcast_edu.rs still have a module irqcast?"
    );
    let count = put_in_place(&pages, output, &|page| links_to_source(page, series))?;
    step.finish(&format!("{count} pages"));
    Ok(output.join(START))
}

/// Makes links to the kernel's source, which rustdoc leaves as they are written (`srctree/FILE`), lead to
/// where that can be read.
fn links_to_source(page: &str, series: &str) -> String {
    const WRITTEN: &str = "href=\"srctree/";
    const READ: &str = "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/";

    let mut parts = page.split(WRITTEN);
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (file, rest) = part.split_once('"').unwrap_or((part, ""));
        changed.push_str(&format!("href=\"{READ}{file}?h=v{series}\"{rest}"));
    }
    changed
}

/// Copies a folder of pages, and what is among them, over the folder `to`. Returns the number of pages, which
/// are changed by `change`.
fn put_in_place(from: &Path, to: &Path, change: &dyn Fn(&str) -> String) -> anyhow::Result<usize> {
    fs::create_dir_all(to).with_context(|| format!("failed to create {}", to.display()))?;
    let mut pages = 0;
    let items = fs::read_dir(from).with_context(|| format!("failed to list {}", from.display()))?;
    for item in items {
        let item = item.with_context(|| format!("failed to list {}", from.display()))?;
        let (path, target) = (item.path(), to.join(item.file_name()));
        if path.is_dir() {
            pages += put_in_place(&path, &target, change)?;
        } else if path.extension().is_some_and(|ending| ending == "html") {
            let page = fs::read_to_string(&path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            setup::write(&target, &change(&page))?;
            pages += 1;
        } else {
            fs::copy(&path, &target)
                .with_context(|| format!("failed to copy to {}", target.display()))?;
        }
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_kernels_source_lead_to_its_series() {
        let page = r#"<a href="srctree/include/net/a.h">a</a> <a href="b.html">b</a> srctree/c"#;
        assert_eq!(
            links_to_source(page, "7.3"),
            r#"<a href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/net/a.h?h=v7.3">a</a> <a href="b.html">b</a> srctree/c"#
        );
    }
}
