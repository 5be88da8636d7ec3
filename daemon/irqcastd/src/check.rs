//! `irqcastd check`

use crate::config::Config;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// Prints what is wrong with the file on standard error, or on standard output that it is right.
pub fn run(file: &Path) -> ExitCode {
    match Config::load(file) {
        Ok(config) => {
            let count = config.rules.len();
            let rules = if count == 1 { "rule" } else { "rules" };
            // The exit code says it too, where nobody reads.
            let _ = writeln!(
                io::stdout(),
                "{}: {count} {rules}, nothing wrong",
                file.display()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
