//! `bench`, with few samples: are its figures there, and do they make sense? How fast anything
//! is, no test asks.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use irqcast_bench::schema::{Distribution, Listener, PathRun, Run};

use super::lifecycle::Testbed;

/// Paths that every kernel has, and the base line.
const PATHS: &str = "off,netlink-multicast,twin,eventfd";

/// Paths that are measured twice: a few, since that takes long.
const COUNTED: &str = "netlink-no-listener,twin";

/// On two processors there is a figure for each path, and none contradicts another.
pub fn makes_sense(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let run = bench(testbed, "wall", PATHS, 5)?;
    ensure!(run.machine.processors == 2, "one processor is missing");
    // The base line, the multicast in three ways and from each context, the twin, and an eventfd in
    // three ways.
    let expected = 1 + 3 + 3 + 1 + 3;
    ensure!(
        run.paths.len() == expected,
        "{} paths instead of {expected}",
        run.paths.len()
    );
    for path in &run.paths {
        check(path).with_context(|| format!("{} ({})", path.name, path.listener.name()))?;
    }
    Ok(())
}

/// Where instructions are counted, two runs give the same figures within a hundredth.
pub fn repeats(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let (first, second) = (
        bench(testbed, "icount", COUNTED, 200)?,
        bench(testbed, "icount", COUNTED, 200)?,
    );
    ensure!(
        first.paths.len() == second.paths.len(),
        "the runs have {} and {} paths",
        first.paths.len(),
        second.paths.len()
    );
    for (first, second) in first.paths.iter().zip(&second.paths) {
        for (what, of) in FIGURES {
            let figures = of(first).zip(of(second));
            if let Some((one, other)) = figures.map(|(one, other)| (one.p50, other.p50)) {
                ensure!(
                    one.abs_diff(other) * 100 <= one,
                    "{} of {} ({}) was {one} and then {other}",
                    what,
                    first.name,
                    first.listener.name()
                );
            }
        }
    }
    Ok(())
}

type Figure = fn(&PathRun) -> Option<&Distribution>;

/// What is compared.
const FIGURES: [(&str, Figure); 3] = [
    ("latency", |path| path.latency_ns.as_ref()),
    ("time in the handler", |path| path.handler_ns.as_ref()),
    ("time of the interrupt", |path| path.interrupt_ns.as_ref()),
];

fn bench(testbed: &Testbed<'_>, mode: &str, paths: &str, samples: u32) -> anyhow::Result<Run> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("figures.json");
    let samples = samples.to_string();
    let command = testbed.program(&[
        "bench",
        "--mode",
        mode,
        "--samples",
        &samples,
        "--paths",
        paths,
        "--latency-only",
        // One order for all runs: what ran before has a part in some figures.
        "--seed",
        "1",
        "--json",
        text(&file)?,
    ])?;
    let ended = Testbed::end_of(command, b"")?;
    ensure!(
        ended.code == Some(0),
        "bench ended with {:?}\n{}",
        ended.code,
        ended.stderr
    );
    let run: Run = serde_json::from_slice(&fs::read(&file)?)?;
    ensure!(run.mode.name() == mode, "the mode is {}", run.mode.name());
    Ok(run)
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path that is no text")
}

fn check(path: &PathRun) -> anyhow::Result<()> {
    for (what, of) in FIGURES {
        if let Some(Distribution {
            min,
            p50,
            p99,
            max,
            samples,
            histogram,
            ..
        }) = of(path)
        {
            ensure!(*samples == 5, "{what}: {samples} samples");
            ensure!(
                0 < *min && min <= p50 && p50 <= p99 && p99 <= max,
                "{what}: {min}, {p50}, {p99} and {max} are not in order"
            );
            let kept: u64 = histogram.iter().map(|(_, count)| count).sum();
            ensure!(kept == 5, "{what}: the histogram holds {kept} samples");
        }
    }
    if path.listener == Listener::None {
        return Ok(());
    }
    let latency = path.latency_ns.as_ref().context("there is no latency")?;
    let syscalls = path.syscalls_per_event.unwrap_or_default();
    ensure!(syscalls >= 1.0, "{syscalls} system calls an event");
    if let Some(part) = &path.device_to_handler_ns {
        ensure!(
            part.max <= latency.max,
            "the handler was later than the listener"
        );
    }
    Ok(())
}
