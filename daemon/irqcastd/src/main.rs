//! Runs hooks when hardware interrupts.

use std::process::ExitCode;

fn main() -> ExitCode {
    irqcastd::main()
}
