//! Exit codes, and how an error becomes one.

use std::{io, process::ExitCode};

use crate::{
    cli::{Cli, Command},
    process::Interrupted,
    setup::DISK_FULL,
    ui::Ui,
};

/// The command did its work, and the outcome is good.
pub const OK: u8 = 0;
/// The command did its work, and the outcome is bad: a test failed, a hook did not run.
pub const FAILED: u8 = 1;
/// Set-up could not be finished, or the testbed itself failed; the message says what to do.
/// (2 is clap's code for a wrong command line.)
pub const ERROR: u8 = 3;
/// From `run` and `shell`: the guest was lost (panic, stall, time limit) before its command
/// ended.
pub const LOST: u8 = 124;
/// As [`ERROR`], from `run` and `shell`, whose codes below 125 belong to the guest's command.
pub const ERROR_PASSING_THROUGH: u8 = 125;
/// Added to the number of the signal that ended the command: 130 for Ctrl-C, 143 for TERM.
pub const SIGNAL_BASE: u8 = 128;

/// What `--help` says about exit codes.
pub const HELP: &str = "\
Exit status:
  0    done, and the outcome is good
  1    done, and the outcome is bad: a test failed, a hook did not run
  2    the command line is wrong
  3    set-up or the testbed itself failed; the message says what to do
  130  ended by Ctrl-C (143: by TERM); the next run goes on where this one stopped
`run` and `shell` pass on the status of the guest's command, or 128 and the number of the
signal that killed it. There, 124 says that the guest was lost (panic, stall, time limit)
and 125 stands for 3.";

/// Prints the error, if there is one, and returns the exit code of the process.
pub fn code(result: anyhow::Result<ExitCode>, cli: &Cli, ui: &Ui) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    ui.error(&error);
    let full = |cause: &io::Error| {
        matches!(
            cause.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    };
    if error
        .chain()
        .filter_map(|cause| cause.downcast_ref())
        .any(full)
    {
        ui.note(DISK_FULL);
    }
    let code = match error.downcast_ref::<Interrupted>() {
        Some(interrupted) => SIGNAL_BASE.saturating_add(interrupted.signal()),
        None => match cli.command {
            Command::Run(_) | Command::Shell(_) => ERROR_PASSING_THROUGH,
            _ => ERROR,
        },
    };
    ExitCode::from(code)
}
