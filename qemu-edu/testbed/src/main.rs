//! Builds the driver and runs it in virtual machines.

mod cache;
mod cli;
mod commands;
mod debs;
mod exit;
mod mutants;
mod namespace;
mod own_driver;
mod prepared;
mod presentation;
mod process;
mod rustdoc;
mod setup;
mod tree_program;
mod ui;
mod upstream;
mod vm;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let ui = ui::Ui::new();
    let result = process::install_handlers().and_then(|()| commands::run(&cli, &ui));
    exit::code(result, &cli, &ui)
}
