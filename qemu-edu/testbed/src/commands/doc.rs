//! `cargo testbed doc`.

use std::process::ExitCode;

use anyhow::ensure;

use crate::{
    cli::{DocArgs, KernelChoice, Options},
    exit, rustdoc,
    setup::Setup,
    ui::Ui,
};

/// Runs the command.
pub fn run(options: &Options, args: &DocArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    ensure!(
        options.kdir.is_none(),
        "`doc` is made with the build root's rustdoc, for a kernel that the testbed makes: leave out --kdir"
    );
    let setup = Setup::new(options, ui, false)?;
    let kernel = setup.kernel(options, options.kernels(&[KernelChoice::Stock])[0], ui)?;
    let output = match &args.output {
        Some(folder) => folder.clone(),
        None => setup.workspace().root.join("target/doc/irqcast"),
    };
    let start = rustdoc::make(&setup, &kernel, &options.series, &output, ui)?;
    println!("{}", start.display());
    Ok(ExitCode::from(exit::OK))
}
