//! `cargo testbed run`.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use irqcast_link::ExecId;

use super::guest::{self, Input};
use crate::{
    cli, exit,
    ui::Ui,
    vm::{Happening, Invocation, Reason, Stream, Vm},
};

/// Exit code when nobody reads the output any more, as of a program that SIGPIPE kills.
const OUTPUT_CLOSED: u8 = exit::SIGNAL_BASE + 13;

/// Exit code when the command is not there, as of a shell.
const NOT_STARTED: u8 = 127;

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::RunArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    let result = guest::boot(options, &args.machine, ui).and_then(|mut vm| {
        let command = vm.start(Invocation::new(args.command.clone()))?;
        let code = pass_through(&mut vm, command, args.timeout, ui)?;
        // The guest is powered off rather than killed so that a driver that cannot be shut
        // down is noticed. A command that cannot be read any more does not wait for it.
        if code != OUTPUT_CLOSED {
            vm.power_off()?;
        }
        Ok(ExitCode::from(code))
    });
    result.or_else(|error| guest::report_lost(error, ui))
}

/// Passes input, output and the exit status of a command through.
fn pass_through(
    vm: &mut Vm,
    command: ExecId,
    limit: Option<Duration>,
    ui: &Ui,
) -> anyhow::Result<u8> {
    let mut input = Input::start(vm, command)?;
    let deadline = guest::deadline(limit);
    loop {
        match vm.next(deadline)? {
            Happening::Output { stream, data, .. } => {
                let written = match stream {
                    Stream::Stdout => write(io::stdout().lock(), &data),
                    Stream::Stderr => write(io::stderr().lock(), &data),
                };
                match written {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                        return Ok(OUTPUT_CLOSED);
                    }
                    result => result.context("failed to write the command's output")?,
                }
            }
            Happening::Input(data) => input.pass(vm, data)?,
            Happening::StdinTaken { id, bytes } => input.taken(id, bytes),
            Happening::NotStarted { message, .. } => {
                ui.error(&anyhow::anyhow!("the guest says: {message}"));
                return Ok(NOT_STARTED);
            }
            Happening::Exited { exit, .. } => return Ok(exit.shell_status()),
            Happening::Resized => {}
            Happening::Deadline => {
                return Err(vm.lose(Reason::TimeLimit(limit.unwrap_or_default())));
            }
        }
    }
}

fn write(mut output: impl Write, data: &[u8]) -> io::Result<()> {
    output.write_all(data)?;
    output.flush()
}
