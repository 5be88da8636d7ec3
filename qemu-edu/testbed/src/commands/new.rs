//! `cargo testbed new`: a driver for another device, on irqcast's core, to be filled in.

mod name;
mod taken;
mod template;
mod write;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;

use self::{name::DriverName, template::Values};
use crate::{
    cache::Key,
    cli::{self, NewArgs},
    debs::Version,
    exit,
    setup::{self, Workspace},
};

/// Runs the command. Nothing is written before everything is known to be right.
pub fn run(options: &cli::Options, args: &NewArgs) -> anyhow::Result<ExitCode> {
    let name = DriverName::check(&args.name, &taken::names(options))?;
    let parent = args.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let folder = parent.join(name.module());
    let values = Values {
        name,
        vendor: args.vendor,
        device: args.device,
        bar: args.bar,
    };
    let core = Core::of(&Workspace::find()?)?;
    let files = template::render(&values, &core.version);
    write::whole(&folder, &files, &core)?;
    let folder = folder.display();
    println!(
        "{folder}: a driver for {}:{}, of the family {}, on irqcast's core {}\n\
         fill in:  grep -rn EDIT {folder}\n\
         try it:   cargo testbed demo --driver {folder} --qemu-device DEVICE",
        values.vendor(),
        values.device(),
        values.name.family(),
        core.version
    );
    Ok(ExitCode::from(exit::OK))
}

/// The notification core, as this repository has it.
pub struct Core {
    /// Folder of the driver that it is part of.
    folder: PathBuf,
    /// Its files, relative to that folder.
    files: Vec<PathBuf>,
    /// Version of irqcast, and a hash of the files.
    version: String,
}

impl Core {
    /// Finds the core, and says which it is.
    pub fn of(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = workspace.driver();
        let mut files = setup::driver_files(&folder)?;
        files.retain(|file| file.starts_with("irqcast") || file.as_os_str() == "irqcast.rs");
        anyhow::ensure!(
            !files.is_empty(),
            "{} holds no notification core; is the repository whole?",
            folder.display()
        );
        let hash = Key::of("core").with_files(&folder, &files)?.build().name();
        // An unpacked archive has no commit to name.
        let version = Version::of(&workspace.root, None).map_or_else(
            |_| env!("CARGO_PKG_VERSION").to_owned(),
            |version| version.text().to_owned(),
        );
        Ok(Self {
            folder,
            files,
            version: format!("{version} ({hash})"),
        })
    }
}

/// Writes a new driver to the folder `to`, for a test.
pub fn write_sample(workspace: &Workspace, to: &std::path::Path) -> anyhow::Result<()> {
    let values = Values {
        name: DriverName::check("sample", &std::collections::BTreeSet::new())?,
        vendor: 0x8086,
        device: 0x100e,
        bar: 0,
    };
    let core = Core::of(workspace)?;
    write::whole(to, &template::render(&values, &core.version), &core)
        .context("failed to write a new driver")
}
