//! `cargo testbed package`.

use std::process::ExitCode;

use crate::{
    cli::{Options, PackageArgs},
    debs::{self, Version},
    exit, setup,
    ui::Ui,
};

/// Runs the command.
pub fn run(options: &Options, args: &PackageArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    let (workspace, tree) = setup::packaging(options, ui)?;
    let version = Version::of(&workspace.root, args.package_version.as_deref())?;
    let folder = match &args.dir {
        Some(folder) => folder.clone(),
        None => workspace.root.join("target/packages"),
    };
    let debs = debs::build(&workspace, &tree, &version, &folder, ui)?;
    for file in debs.files() {
        println!("{}", file.display());
    }
    Ok(ExitCode::from(exit::OK))
}
