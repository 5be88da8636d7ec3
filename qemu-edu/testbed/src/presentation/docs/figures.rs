//! The blocks of figures, in Markdown.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::bail;
use irqcast_bench::schema::{Machine, Mode, Run};

use super::{FOLDER, daemon, drawing_name};
use crate::presentation::{
    columns::{self, COLUMNS},
    curves, label,
    recordings::Recordings,
    unit, verdict,
};

/// What belongs into the block `name`: figures of a subject, in a mode.
pub(super) fn block(name: &str, recordings: &Recordings) -> anyhow::Result<String> {
    let (subject, mode) = name.split_once(' ').unwrap_or((name, "icount"));
    if mode == "daemon" {
        return daemon::block(subject, recordings.daemon.as_ref());
    }
    let mode = match mode {
        "icount" => Mode::Icount,
        "wall" => Mode::Wall,
        other => bail!("there is no mode {other:?}"),
    };
    let make: fn(&Run) -> String = match subject {
        "machine" => machine,
        "table" => table,
        "standing" => standing,
        "fan-out" => fan_out,
        "rates" => rates,
        "payload" => payload,
        "storms" => storms,
        "joining" => joining,
        other => bail!("there are no figures {other:?}"),
    };
    Ok(match recordings.of(mode) {
        Some(run) => make(run),
        None => format!("No run of the mode {} is recorded yet.", mode.name()),
    })
}

/// What the guest was.
pub(super) fn guest(machine: &Machine) -> (&'static str, String) {
    let text = format!(
        "{} with {}, {} processors, {} MiB",
        machine.qemu, machine.accelerator, machine.processors, machine.memory_mib
    );
    ("guest", text)
}

/// What the guest ran on.
pub(super) fn host(machine: &Machine) -> (&'static str, String) {
    let text = format!(
        "{}, {} processors",
        machine.host_processor, machine.host_processors
    );
    ("host", text)
}

/// What there is to say about a run beside its figures.
pub fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let machine = &run.machine;
    vec![
        (
            "recorded on",
            format!("{} (UTC), in {:.0} s", unit::date(run.started), run.seconds),
        ),
        (
            "kernel",
            format!(
                "Linux {} ({}), {}",
                run.kernel.release, run.kernel.name, run.kernel.version
            ),
        ),
        ("kernel's command line", run.kernel.command_line.clone()),
        guest(machine),
        host(machine),
        (
            "samples",
            format!(
                "{} for each latency, after {} that were discarded; paths in a random order \
                 (seed {})",
                unit::grouped(f64::from(run.samples)),
                unit::grouped(f64::from(run.warm_up)),
                run.seed
            ),
        ),
        (
            "mode",
            format!("{}: {}", run.mode.name(), columns::times_are(run.mode)),
        ),
    ]
}

fn machine(run: &Run) -> String {
    let mut text = markdown_row(["", ""]) + "|---|---|\n";
    for (name, value) in facts(run) {
        text += &markdown_row([name, &value]);
    }
    for skipped in &run.skipped {
        text += &markdown_row([
            "not measured",
            &format!("{}: {}", skipped.name, skipped.reason),
        ]);
    }
    text
}

fn table(run: &Run) -> String {
    let used: Vec<_> = COLUMNS
        .iter()
        .filter(|column| column.is_used(run))
        .collect();
    let titles = used.iter().map(|column| column.title);
    let titles: Vec<_> = ["path"]
        .into_iter()
        .chain(titles)
        .chain([columns::COMPARED, columns::TOLD])
        .collect();
    let mut text = format!(
        "![Median latency of each path]({}/{})\n\n",
        FOLDER.trim_start_matches("docs/"),
        drawing_name(run.mode)
    );
    text += &markdown_row(&titles);
    text += &format!("|---|{}\n", "---:|".repeat(titles.len() - 1));
    for path in label::by_latency(run) {
        let mut cells = vec![label::label(run, path)];
        cells.extend(used.iter().map(|column| {
            let cell = column.cell(run, path);
            if column.is_best(run, path) {
                format!("**{cell}**")
            } else {
                cell
            }
        }));
        cells.push(columns::compared(run, path));
        cells.push(columns::told(path).to_owned());
        text += &markdown_row(&cells);
    }
    text + "\n" + columns::times_are(run.mode) + "\n"
}

fn standing(run: &Run) -> String {
    let mut text = markdown_row([
        "figure",
        label::REFERENCE,
        "better than it, as a multiple of it",
    ]);
    text += "|---|---:|---|\n";
    for standing in verdict::standings(run) {
        let better: Vec<String> = standing
            .better
            .iter()
            .map(|better| format!("{} {:.2}", better.label, better.ratio))
            .collect();
        let better = match better.is_empty() {
            true => "none".to_owned(),
            false => better.join("; "),
        };
        let own = standing.column.format(run, standing.own);
        text += &markdown_row([standing.column.title, &own, &better]);
    }
    let ratios: Vec<String> = ["eventfd", "uio", "vfio", "twin"]
        .into_iter()
        .filter_map(|name| Some(format!("{} of {name}'s", verdict::against(run, name)?)))
        .collect();
    if !ratios.is_empty() {
        let _ = writeln!(
            text,
            "\nMedian latency of {}: {}.",
            label::REFERENCE,
            ratios.join(", ")
        );
    }
    text
}

fn fan_out(run: &Run) -> String {
    let counts: Vec<u32> = {
        let all = run
            .paths
            .iter()
            .flat_map(|path| path.fanout.iter().chain(&path.bystanders));
        let sorted: BTreeSet<_> = all.map(|point| point.listeners).collect();
        sorted.into_iter().collect()
    };
    let mut text = "Median time in the handler, by the number of listeners. With *awake* none of \
                    them sleeps, so that none is woken up; *bystanders* have joined a group of \
                    another family.\n\n"
        .to_owned();
    let titles = counts.iter().map(|count| unit::grouped(f64::from(*count)));
    let titles: Vec<_> = ["path".to_owned()].into_iter().chain(titles).collect();
    text += &markdown_row(&titles);
    text += &format!("|---|{}\n", "---:|".repeat(counts.len()));
    for path in label::by_latency(run) {
        for (what, points) in curves::handlers(path) {
            let cell = |count: &u32| {
                let (_, value) = points.iter().find(|(listeners, _)| listeners == count)?;
                Some(unit::time(run.mode, *value as f64))
            };
            if points.is_empty() {
                continue;
            }
            let separator = if what.is_empty() { "" } else { ", " };
            let mut row = vec![format!("{}{separator}{what}", label::label(run, path))];
            row.extend(counts.iter().map(|count| cell(count).unwrap_or_default()));
            text += &markdown_row(&row);
        }
    }
    text
}

fn rates(run: &Run) -> String {
    let mut text = markdown_row([
        "path",
        "sustained without loss",
        "lost at the highest rate offered",
        "of that, told",
        "largest burst without loss",
    ]);
    text += "|---|---:|---:|---:|---:|\n";
    for path in label::by_latency(run) {
        let last = path.rate.as_ref().and_then(|rate| rate.points.last());
        let lost = last.map(|point| {
            let share = point.lost as f64 / (point.lost + point.delivered).max(1) as f64;
            format!(
                "{} of {}",
                unit::percent(share),
                unit::rate(point.offered_hz)
            )
        });
        let told = last
            .filter(|point| point.lost > 0)
            .map(|point| unit::percent(point.told as f64 / point.lost as f64));
        let burst = path
            .bursts
            .iter()
            .filter(|burst| burst.lost == 0)
            .map(|burst| burst.size);
        let burst = burst.max().map(|size| unit::grouped(size as f64));
        if last.is_none() && path.bursts.is_empty() {
            continue;
        }
        let sustained = path.rate.as_ref().map(|rate| unit::rate(rate.sustained_hz));
        text += &markdown_row(&[
            label::label(run, path),
            sustained.unwrap_or_default(),
            lost.unwrap_or_default(),
            told.unwrap_or_default(),
            burst.unwrap_or_default(),
        ]);
    }
    text
}

fn payload(run: &Run) -> String {
    let mut text = markdown_row([
        "path",
        "bytes more",
        "median latency",
        "median time in the handler",
    ]);
    text += "|---|---:|---:|---:|\n";
    for path in label::by_latency(run) {
        for point in &path.payload {
            let time = |value: u64| unit::time(run.mode, value as f64);
            text += &markdown_row(&[
                label::label(run, path),
                unit::grouped(f64::from(point.bytes)),
                time(point.latency_ns_p50),
                point.handler_ns_p50.map(time).unwrap_or_default(),
            ]);
        }
    }
    text
}

fn storms(run: &Run) -> String {
    let mut text = markdown_row(["sent from", "interrupts", "delivered"]);
    text += "|---|---:|---:|\n";
    for storm in &run.storms {
        text += &markdown_row(&[
            storm.name.clone(),
            unit::rate(storm.interrupts_hz),
            unit::rate(storm.delivered_hz),
        ]);
    }
    text
}

fn joining(run: &Run) -> String {
    let mut text = markdown_row(["on the other processor", "p50", "p99", "p99.9", "at most"]);
    text += "|---|---:|---:|---:|---:|\n";
    let joining = run.paths.iter().find_map(|path| path.joining.as_ref());
    let Some(joining) = joining else {
        return "It was not measured in this run.".to_owned();
    };
    let sockets = unit::grouped(joining.sockets as f64);
    for (what, times) in [
        ("nobody joins".to_owned(), &joining.quiet_ns),
        (
            format!("{sockets} sockets join and close"),
            &joining.handler_ns,
        ),
    ] {
        let time = |value: u64| unit::time(run.mode, value as f64);
        text += &markdown_row(&[
            what,
            time(times.p50),
            time(times.p99),
            time(times.p999),
            time(times.max),
        ]);
    }
    text
}

pub(super) fn markdown_row<T: AsRef<str>>(cells: impl AsRef<[T]>) -> String {
    let mut row = "|".to_owned();
    for cell in cells.as_ref() {
        let _ = write!(row, " {} |", cell.as_ref().replace('|', "\\|"));
    }
    row + "\n"
}
