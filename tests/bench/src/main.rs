//! Measures the paths from an interrupt to user space, inside the guest.
//!
//! The testbed gives it a [`Plan`] as its only argument and reads a [`Line`] for each result.
//!
//! Every path and every peer is measured in the same way. The raiser maps the device's
//! registers (the guest boots with `iomem=relaxed`, so that this works while a driver has
//! them) and makes the device interrupt by one store. The time is taken just before that
//! store and right after the listener's call has returned. What is special about a path is in
//! its file below `paths/`, and nothing else is.
//!
//! With `daemon` before the plan it measures those that run hooks (`daemon/`).

mod clock;
mod daemon;
mod interrupts;
mod listening;
mod measure;
mod modules;
mod netlink;
mod paths;
mod random;
mod receive;
mod schedule;
mod target;
mod waiting;

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use irqcast_bench::{
    device, peers,
    plan::{Line, Plan},
};
use serde::Serialize;

fn main() -> Result<()> {
    const USAGE: &str = "usage: irqcast-bench [daemon] PLAN (cargo testbed bench makes one)";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let malformed = "the plan is malformed";
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [daemon::floor::NAME] => daemon::floor::run(),
        ["daemon", plan] => {
            daemon::run(&serde_json::from_str(plan).context(malformed)?, &mut tell)?;
            tell(peers::Line::Done)
        }
        [plan] => {
            let plan: Plan = serde_json::from_str(plan).context(malformed)?;
            measure::run(&plan, &mut tell)?;
            tell(Line::Done)
        }
        _ => bail!(USAGE),
    }
}

fn tell<T: Serialize>(line: T) -> Result<()> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, &line).context("failed to write a result")?;
    output.write_all(b"\n")?;
    output.flush().context("failed to write a result")
}
