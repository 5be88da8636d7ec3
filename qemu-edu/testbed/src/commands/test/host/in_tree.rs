//! The driver, moved into a kernel's tree by what docs/in-tree.md says, builds there.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};

use super::Context;
use crate::{
    namespace::{self, Mount},
    setup,
};

/// The page, in the repository.
const PAGE: &str = include_str!("../../../../../../docs/in-tree.md");

/// Files and folders of the driver that are copied.
const COPIED: [&str; 5] = [
    "irqcast_edu.rs",
    "device.rs",
    "device",
    "irqcast.rs",
    "irqcast",
];

/// The folder of the kernel's that gets the driver.
const PARENT: &str = "drivers/misc";

/// The driver's folder in it.
const FOLDER: &str = "irqcast";

/// Where the kernel's source is seen in the build root.
const SOURCE: &str = "/usr/src/linux";

/// Where its objects are.
const OBJECTS: &str = "/usr/src/objects";

/// Switches the driver on, and builds its folder. The arguments go to `make`.
const BUILD: &str = "
set -eu
cd /usr/src/linux
scripts/config --file /usr/src/objects/.config --module IRQCAST_EDU
make O=/usr/src/objects \"$@\" olddefconfig
grep -qx CONFIG_IRQCAST_EDU=m /usr/src/objects/.config
make O=/usr/src/objects \"$@\" drivers/misc/irqcast/
";

/// Moves and builds it.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let built = &context.kernel.built;
    let tools = match &built.builder {
        setup::Builder::BuildRoot { tools } => tools,
        _ => anyhow::bail!("it is built in a tree of the testbed's: leave out --kdir"),
    };
    let step = context.ui.step("driver in the kernel's tree");
    let work = tempfile::tempdir().context("failed to create a temporary folder")?;
    let (parent, objects) = (work.path().join("misc"), work.path().join("objects"));
    setup::copy_driver(&built.source.join(PARENT), &parent)?;
    move_into(&context.setup.workspace().driver(), &parent)?;
    let mut copy = Command::new("cp");
    // With the times, by which make knows what is done.
    copy.arg("--archive").arg(&built.objects).arg(&objects);
    setup::run_program(context.ui, &step, "cp", copy, |_| {})?;
    let mounts = [
        Mount::read(&built.source, SOURCE),
        Mount::read(&parent, format!("{SOURCE}/{PARENT}")),
        Mount::write(&objects, OBJECTS),
    ];
    let mut command = namespace::inside(&context.setup.root().tree, &mounts, "sh");
    command.args(["-c", BUILD, "build"]).args(tools);
    command.arg(format!("KERNELRELEASE={}", built.kernel.release));
    setup::run_program(context.ui, &step, "make", command, |_| {})?;
    let made = objects.join(PARENT).join(FOLDER).join("irqcast_edu.o");
    ensure!(made.exists(), "the build made no {}", made.display());
    step.finish("");
    Ok(())
}

/// Copies the driver to its folder in `parent`, and puts the page's lines where it says.
fn move_into(driver: &Path, parent: &Path) -> anyhow::Result<()> {
    let folder = parent.join(FOLDER);
    fs::create_dir(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    for name in COPIED {
        let (from, to) = (driver.join(name), folder.join(name));
        if from.is_dir() {
            setup::copy_driver(&from, &to)?;
        } else {
            fs::copy(&from, &to).with_context(|| format!("failed to copy {}", from.display()))?;
        }
    }
    setup::write(&folder.join("Makefile"), &block("make")?)?;
    setup::write(&folder.join("Kconfig"), &block("kconfig")?)?;
    change(&parent.join("Makefile"), |text| {
        Some(text.to_owned() + &block("make parent").ok()?)
    })?;
    change(&parent.join("Kconfig"), |text| {
        let (before, after) = text.split_at(text.rfind("endmenu")?);
        Some(before.to_owned() + &block("kconfig parent").ok()? + after)
    })
}

fn change(path: &Path, change: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let changed = change(&text)
        .with_context(|| format!("{}: there is no place for the page's lines", path.display()))?;
    setup::write(path, &changed)
}

/// The page's only block whose fence has these words, without its indentation.
fn block(words: &str) -> anyhow::Result<String> {
    let fence = format!("   ```{words}");
    let mut lines = PAGE.lines().skip_while(|line| **line != *fence);
    lines
        .next()
        .with_context(|| format!("docs/in-tree.md has no block {words:?}"))?;
    let inside = lines.take_while(|line| line.trim() != "```");
    Ok(inside
        .map(|line| format!("{}\n", line.strip_prefix("   ").unwrap_or(line)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_is_that_of_its_words() {
        assert!(block("make").unwrap().starts_with("# SPDX"));
        assert_eq!(
            block("make parent").unwrap(),
            "obj-$(CONFIG_IRQCAST_EDU) += irqcast/\n"
        );
        assert!(block("kconfig").unwrap().contains("\n\ttristate "));
        assert!(block("ada").is_err());
    }
}
