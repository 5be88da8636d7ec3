//! What a test has the testbed do from outside the guest.

use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::talk::{DONE, Line, Request};

/// Holds how often the guest's power was cut.
const POWER_CUTS: &str = "IRQCAST_POWER_CUTS";

/// Tells how far a test has come.
pub fn progress(done: u64, of: u64) -> Result<()> {
    say(&Line::Progress { done, of })
}

/// How often the testbed has cut the guest's power since the test was begun.
pub fn power_cuts() -> u64 {
    let text = std::env::var(POWER_CUTS).unwrap_or_default();
    text.parse().unwrap_or(0)
}

/// Asks for something, and waits until it is done.
pub fn ask(request: Request<'_>) -> Result<()> {
    say(&Line::Request(request))?;
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .context("failed to read the testbed's answer")?;
    ensure!(!answer.is_empty(), "nobody answers {request:?}");
    ensure!(answer.trim_end() == DONE, "{request:?}: {}", answer.trim());
    Ok(())
}

fn say(line: &Line<'_>) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush().context("failed to write to the testbed")
}
