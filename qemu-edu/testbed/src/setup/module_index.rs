//! The driver as it is installed: the lists that `depmod` makes of a kernel's modules and the driver,
//! by which udev finds it.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

use super::{build_root::BuildRoot, run};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    namespace::{self, Mount},
    ui::Ui,
};

/// Folder of the driver in the one of the kernel's modules, as DKMS has it on Debian.
pub const FOLDER: &str = "updates/dkms";

/// Where the lists are made in the build root.
const OUTPUT: &str = "/usr/src/output";

/// Returns the folder with the lists for the kernel `release` and the driver in the cache entry
/// `driver`, made if need be, and its cache entry.
pub fn get(
    cache: &Cache,
    ui: &Ui,
    root: &BuildRoot,
    release: &str,
    driver: &Entry,
) -> anyhow::Result<(PathBuf, Entry)> {
    let key = Key::of("modules-stock")
        .with("root", root.entry.name())
        .with("driver", driver.name())
        .build();
    let modules = format!("lib/modules/{release}");
    let entry = cache.get(&key, ui, |folder| {
        let step = ui.step("list of modules with the driver");
        let output = folder.join("output");
        fs::create_dir(&output)
            .with_context(|| format!("failed to create {}", output.display()))?;
        let mounts = [
            Mount::read(
                driver.path().join("output"),
                format!("/usr/{modules}/{FOLDER}"),
            ),
            Mount::write(&output, OUTPUT),
        ];
        let mut command = namespace::inside(&root.tree, &mounts, "depmod");
        command.args(["--outdir", OUTPUT, release]);
        run::run(ui, &step, "depmod", command, |_| {})?;
        step.finish(release);
        Ok(Facts::new())
    })?;
    Ok((entry.path().join("output").join(modules), entry))
}
