//! The blocks of figures of irqcastd and its peers.

use anyhow::bail;
use irqcast_bench::peers::Run;

use super::figures::{guest, host, markdown_row};
use crate::presentation::{
    peers::{self, Rows},
    unit,
};

/// What belongs into the block `subject`.
pub fn block(subject: &str, run: Option<&Run>) -> anyhow::Result<String> {
    let make: fn(&Run) -> String = match subject {
        "peers" => |run| table(&peers::peers(run)) + "\n" + &bars(run),
        "confinement" => |run| table(&peers::confinement(run)),
        "machine" => machine,
        other => bail!("there are no figures {other:?} of the daemon"),
    };
    Ok(match run {
        Some(run) => make(run),
        None => "No run of `bench --daemon` is recorded yet.".to_owned(),
    })
}

fn table(rows: &Rows) -> String {
    let figures = rows.titles.len().saturating_sub(1);
    let mut text = markdown_row(&rows.titles) + &format!("|---|{}\n", "---:|".repeat(figures));
    for row in &rows.rows {
        text += &markdown_row(row);
    }
    text
}

fn bars(run: &Run) -> String {
    let mut text = markdown_row(["bar", "reached"]) + "|---|---|\n";
    for (bar, reached) in peers::bars(run) {
        text += &markdown_row([bar.as_str(), if reached { "yes" } else { "no" }]);
    }
    text
}

fn machine(run: &Run) -> String {
    let machine = &run.machine;
    let plan = &run.plan;
    let facts = [
        (
            "recorded on",
            format!("{} (UTC), in {:.0} s", unit::date(run.started), run.seconds),
        ),
        ("peers", run.packages.join(", ")),
        (
            "kernel",
            format!("Linux {} ({})", run.kernel.release, run.kernel.name),
        ),
        guest(machine),
        host(machine),
        (
            "samples",
            format!(
                "{} for each latency and {} hooks for each rate, in {} rounds, each after {} events \
                 that were discarded; in a random order (seed {})",
                unit::grouped(f64::from(plan.samples)),
                unit::grouped(f64::from(plan.hooks)),
                plan.rounds,
                plan.warm_up,
                plan.seed
            ),
        ),
    ];
    let mut text = markdown_row(["", ""]) + "|---|---|\n";
    for (name, value) in facts {
        text += &markdown_row([name, &value]);
    }
    for skipped in &run.skipped {
        let what = format!("{}: {}", skipped.name, skipped.reason);
        text += &markdown_row(["not measured", &what]);
    }
    text
}
