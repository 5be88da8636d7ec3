//! Measures the paths from an interrupt to user space, inside the guest.
//!
//! The testbed gives it a [`Plan`] as its only argument and reads a [`Line`] for each result.
//!
//! Every path and every peer is measured in the same way. The raiser maps the device's
//! registers (the guest boots with `iomem=relaxed`, so that this works while a driver has
//! them) and makes the device interrupt by one store. The time is taken just before that
//! store and right after the listener's call has returned. What is special about a path is in
//! its file below `paths/`, and nothing else is.

mod clock;
mod interrupts;
mod listening;
mod measure;
mod modules;
mod netlink;
mod paths;
mod random;
mod receive;
mod schedule;
mod waiting;

use std::io::Write as _;

use anyhow::{Context as _, Result};
use irqcast_bench::{
    edu,
    plan::{Line, Plan},
};

fn main() -> Result<()> {
    let plan = std::env::args()
        .nth(1)
        .context("usage: irqcast-bench PLAN (cargo testbed bench makes one)")?;
    let plan: Plan = serde_json::from_str(&plan).context("the plan is malformed")?;
    measure::run(&plan, &mut tell)?;
    tell(Line::Done)
}

fn tell(line: Line) -> Result<()> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, &line).context("failed to write a result")?;
    output.write_all(b"\n")?;
    output.flush().context("failed to write a result")
}
