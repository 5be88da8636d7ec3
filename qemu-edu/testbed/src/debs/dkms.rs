//! The driver as DKMS builds it from its package, in the build root, which is a Debian system with the
//! kernel's headers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Debs, SCRIPTS};
use crate::{
    cache::{Facts, Key},
    namespace::{self, Mount},
    setup::{self, KernelSetup, Setup, run_program},
    ui::Ui,
};

/// Where the package, and what is made, are seen in the build root.
const PACKAGES: &str = "/usr/src/packages";
const OUTPUT: &str = "/usr/src/output";

/// Name of the module in its cache entry.
const MODULE: &str = "irqcast_edu.ko";

/// What is done in the build root: `install PACKAGE RELEASE`. DKMS's maintainer scripts build the module and
/// put it among the kernel's.
const INSTALL: &str = "\
set -eu
dpkg --install \"$1\"
file=$(find \"/lib/modules/$2\" -name 'irqcast_edu.ko*')
case $file in
*.xz) xz --decompress --stdout \"$file\" ;;
*) cat \"$file\" ;;
esac > /usr/src/output/irqcast_edu.ko";

/// Returns the module for `kernel`, which is the stock one, built anew if the package's content or the kernel
/// changed.
pub fn module(
    setup: &Setup,
    kernel: &KernelSetup,
    debs: &Debs,
    ui: &Ui,
) -> anyhow::Result<PathBuf> {
    let root = &setup.workspace().root;
    let release = &kernel.built.kernel.release;
    let scripts: Vec<PathBuf> = SCRIPTS.iter().map(PathBuf::from).collect();
    let driver = setup.workspace().driver();
    let key = Key::of("dkms")
        .with_key(&kernel.built.key)
        .with_files(root, &scripts)?
        .with_files(&driver, &setup::driver_files(&driver)?)?
        .build();
    let entry = setup.cache().get(&key, ui, |folder| {
        let step = ui.step("driver by DKMS");
        // What DKMS makes on the way is large, and stays here only until it is done.
        let (work, output) = (folder.join("work"), folder.join("output"));
        super::create(&work)?;
        super::create(&output)?;
        let package = debs.dkms.file_name().context("the package has no name")?;
        let mounts = [
            Mount::read(debs.dkms.parent().unwrap_or(Path::new("/")), PACKAGES),
            Mount::write(&work, "/var/lib/dkms"),
            Mount::write(&output, OUTPUT),
        ];
        let mut command = namespace::on_top(&setup.root().tree, &mounts, "sh");
        command.args(["-c", INSTALL, "install"]);
        command.arg(Path::new(PACKAGES).join(package)).arg(release);
        run_program(ui, &step, "dpkg --install", command, |line| {
            step.message(line.trim())
        })?;
        crate::cache::remove_tree(&work)?;
        fs::metadata(output.join(MODULE)).context("DKMS made no module")?;
        step.finish(release);
        Ok(Facts::new())
    })?;
    Ok(entry.path().join("output").join(MODULE))
}
