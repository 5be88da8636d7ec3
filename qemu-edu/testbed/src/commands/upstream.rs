//! `cargo testbed upstream`.

use std::process::ExitCode;

use anyhow::ensure;

use crate::{
    cli::{KernelChoice, Options, UpstreamArgs, UpstreamBuild},
    exit,
    setup::Setup,
    ui::Ui,
    upstream::{self, Build, Series},
};

/// Runs the command.
pub fn run(options: &Options, args: &UpstreamArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    ensure!(
        options.kdir.is_none(),
        "`upstream` makes its patches for the source that the testbed fetches: leave out --kdir"
    );
    let setup = Setup::new(options, ui, false)?;
    let kernel = setup.kernel(options, options.kernels(&[KernelChoice::Stock])[0], ui)?;
    let series = Series::make(&setup, &kernel, ui)?;
    let build = match args.build {
        UpstreamBuild::Last => Build::Last,
        UpstreamBuild::Each => Build::Each,
    };
    series.check(&setup, &kernel, build, ui)?;
    let output = match &args.output {
        Some(folder) => folder.clone(),
        None => setup.workspace().root.join(upstream::FOLDER),
    };
    let mails = series.mails(args.sign_off.as_deref());
    upstream::write(&mails, &output)?;
    for mail in mails {
        println!("{}", output.join(mail.name).display());
    }
    Ok(ExitCode::from(exit::OK))
}
