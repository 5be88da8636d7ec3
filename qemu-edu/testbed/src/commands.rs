//! The commands, one module each.

pub mod bench;
pub mod demo;
pub mod doc;
mod guest;
pub mod new;
pub mod package;
pub mod report;
pub mod run;
pub mod setup;
pub mod shell;
pub mod soak;
pub mod test;
pub mod upstream;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Command},
    ui::Ui,
};

/// Runs the command that was asked for.
pub fn run(cli: &Cli, ui: &Ui) -> anyhow::Result<ExitCode> {
    ui.set_verbose(cli.options.verbose);
    match &cli.command {
        Command::Setup(args) => setup::run(&cli.options, args, ui),
        Command::Demo(args) => demo::run(&cli.options, args, ui),
        Command::Doc(args) => doc::run(&cli.options, args, ui),
        Command::Test(args) => test::run(&cli.options, args, ui),
        Command::Soak(args) => soak::run(&cli.options, args, ui),
        Command::Bench(args) => bench::run(&cli.options, args, ui),
        Command::New(args) => new::run(&cli.options, args),
        Command::Run(args) => run::run(&cli.options, args, ui),
        Command::Package(args) => package::run(&cli.options, args, ui),
        Command::Report(args) => report::run(args),
        Command::Shell(args) => shell::run(&cli.options, args, ui),
        Command::Upstream(args) => upstream::run(&cli.options, args, ui),
    }
}
