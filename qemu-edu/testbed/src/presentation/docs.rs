//! The figures in docs/comparison.md, made of the recordings beside it.
//!
//! The document is written by hand but for its blocks of figures. Each is between a line
//! `<!-- figures: NAME -->` and a line `<!-- end of figures -->`, and is replaced as a whole.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use irqcast_bench::schema::{Mode, Run, VERSION};

use super::{
    chart::{self, Room, palette},
    columns::{self, COLUMNS},
    curves, label, unit, verdict,
};

/// The document, from the top of the repository.
pub const DOCUMENT: &str = "docs/comparison.md";

/// Folder of the recordings, and of the drawings that are made of them.
pub const FOLDER: &str = "docs/comparison";

const BEGIN: &str = "<!-- figures: ";
const BEGIN_ENDS: &str = " -->";
const END: &str = "<!-- end of figures -->";

/// The recorded runs, by mode.
#[derive(Debug, Clone, Default)]
pub struct Recordings {
    runs: Vec<Run>,
}

impl Recordings {
    /// Reads what there is in the repository `top`: a file for each mode, named after it.
    pub fn read(top: &Path) -> anyhow::Result<Self> {
        let mut runs = Vec::new();
        for mode in [Mode::Icount, Mode::Wall] {
            let path = recording(top, mode);
            if path.exists() {
                let run = read_run(&path)?;
                ensure!(
                    run.mode == mode,
                    "{} holds a run of the mode {}",
                    path.display(),
                    run.mode.name()
                );
                runs.push(run);
            }
        }
        Ok(Self { runs })
    }

    fn of(&self, mode: Mode) -> Option<&Run> {
        self.runs.iter().find(|run| run.mode == mode)
    }
}

/// Where the recording of a mode belongs.
pub fn recording(top: &Path, mode: Mode) -> PathBuf {
    top.join(FOLDER).join(format!("{}.json", mode.name()))
}

/// Reads a run that `bench --json` wrote.
pub fn read_run(path: &Path) -> anyhow::Result<Run> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let run: Run = serde_json::from_str(&text)
        .with_context(|| format!("{} is no run of the benchmark", path.display()))?;
    ensure!(
        run.schema == VERSION,
        "{} has version {} of the schema, and this testbed reads version {VERSION}",
        path.display(),
        run.schema
    );
    Ok(run)
}

/// What `top` should hold: each file that is generated, or generated in part, with its content.
pub fn render(top: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let recordings = Recordings::read(top)?;
    let document = top.join(DOCUMENT);
    let text = fs::read_to_string(&document)
        .with_context(|| format!("failed to read {}", document.display()))?;
    let text = replace(&text, |name| block(name, &recordings))
        .with_context(|| format!("failed to make the figures of {}", document.display()))?;
    let mut files = BTreeMap::from([(document, text)]);
    for run in &recordings.runs {
        if let Some(drawing) = drawing(run)? {
            files.insert(top.join(FOLDER).join(drawing_name(run.mode)), drawing);
        }
    }
    Ok(files)
}

/// The files of [`render`] that are not as they should be.
pub fn stale(top: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for (path, wanted) in render(top)? {
        let found = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            result => Some(result.with_context(|| format!("failed to read {}", path.display()))?),
        };
        if found.as_deref() != Some(&wanted) {
            stale.push(path);
        }
    }
    Ok(stale)
}

/// Replaces what is in each block by what `content` makes for its name.
fn replace(
    document: &str,
    content: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(text, "{line}");
        let Some(rest) = line.strip_prefix(BEGIN) else {
            continue;
        };
        let name = rest
            .strip_suffix(BEGIN_ENDS)
            .with_context(|| format!("a block begins wrong: {line}"))?;
        let _ = writeln!(text, "\n{}\n\n{END}", content(name)?.trim_end());
        lines
            .find(|line| *line == END)
            .with_context(|| format!("the block {name:?} does not end"))?;
    }
    Ok(text)
}

fn block(name: &str, recordings: &Recordings) -> anyhow::Result<String> {
    let (subject, mode) = name.split_once(' ').unwrap_or((name, "icount"));
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
        other => bail!("there are no figures {other:?}"),
    };
    Ok(match recordings.of(mode) {
        Some(run) => make(run),
        None => format!("No run of the mode {} is recorded yet.", mode.name()),
    })
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
        (
            "guest",
            format!(
                "{} with {}, {} processors, {} MiB",
                machine.qemu, machine.accelerator, machine.processors, machine.memory_mib
            ),
        ),
        (
            "host",
            format!(
                "{}, {} processors",
                machine.host_processor, machine.host_processors
            ),
        ),
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
        let sorted: std::collections::BTreeSet<_> = all.map(|point| point.listeners).collect();
        sorted.into_iter().collect()
    };
    let mut text = "Median time in the handler, by the number of listeners:\n\n".to_owned();
    let titles = counts.iter().map(|count| unit::grouped(f64::from(*count)));
    let titles: Vec<_> = ["path".to_owned()].into_iter().chain(titles).collect();
    text += &markdown_row(&titles);
    text += &format!("|---|{}\n", "---:|".repeat(counts.len()));
    for path in label::by_latency(run) {
        let name = label::label(run, path);
        for (name, points) in [
            (name.clone(), &path.fanout),
            (name + ", bystanders", &path.bystanders),
        ] {
            let cell = |count: &u32| {
                let point = points.iter().find(|point| point.listeners == *count)?;
                Some(unit::time(run.mode, point.handler_ns_p50? as f64))
            };
            if counts.iter().any(|count| cell(count).is_some()) {
                let cells = counts.iter().map(|count| cell(count).unwrap_or_default());
                let row: Vec<_> = [name].into_iter().chain(cells).collect();
                text += &markdown_row(&row);
            }
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

fn drawing_name(mode: Mode) -> String {
    format!("{}.svg", mode.name())
}

/// The overview as a file of its own, with its colours for both themes.
fn drawing(run: &Run) -> anyhow::Result<Option<String>> {
    let Some(dots) = curves::overview(run) else {
        return Ok(None);
    };
    let svg = chart::dots(&dots, Room::Wide)?;
    let (head, rest) = svg.split_once('>').context("the drawing is empty")?;
    let style = palette::style_sheet();
    Ok(Some(format!(
        "{head}>\n<style>{style}svg{{background:var(--page)}}</style>{rest}"
    )))
}

fn markdown_row<T: AsRef<str>>(cells: impl AsRef<[T]>) -> String {
    let mut row = "|".to_owned();
    for cell in cells.as_ref() {
        let _ = write!(row, " {} |", cell.as_ref().replace('|', "\\|"));
    }
    row + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const EXAMPLE: &str =
        "before\n<!-- figures: storms wall -->\nold\n<!-- end of figures -->\nafter\n";

    fn made_up() -> Recordings {
        Recordings {
            runs: vec![sample::of_mode(Mode::Wall)],
        }
    }

    #[test]
    fn only_blocks_are_replaced_and_a_second_time_changes_nothing() {
        let once = replace(EXAMPLE, |name| block(name, &made_up())).unwrap();
        assert!(once.starts_with("before\n<!-- figures: storms wall -->\n\n| sent from |"));
        assert!(once.ends_with("|\n\n<!-- end of figures -->\nafter\n") && !once.contains("old"));
        assert_eq!(
            replace(&once, |name| block(name, &made_up())).unwrap(),
            once
        );
    }

    #[test]
    fn mistakes_in_blocks_are_told() {
        for (name, told) in [("stroms", "no figures"), ("storms wal", "no mode")] {
            let document = EXAMPLE.replace("storms wall", name);
            let error = replace(&document, |name| block(name, &made_up())).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
        }
        let open = EXAMPLE.replace("<!-- end", "<!-- End");
        let error = replace(&open, |name| block(name, &made_up())).unwrap_err();
        assert!(error.to_string().contains("does not end"), "{error}");
    }

    #[test]
    fn every_kind_of_figures_has_one_table_with_even_rows() {
        for subject in [
            "machine", "table", "standing", "fan-out", "rates", "payload", "storms",
        ] {
            let text = block(&format!("{subject} wall"), &made_up()).unwrap();
            let tables = irqcast_tests::table::tables(&text);
            assert_eq!(tables.len(), 1, "{subject}:\n{text}");
            let table = &tables[0];
            assert!(!table.rows.is_empty(), "{subject}");
            let even = table.rows.iter().all(|row| row.len() == table.header.len());
            assert!(even, "{subject}:\n{text}");
            let missing = block(&format!("{subject} icount"), &made_up()).unwrap();
            assert_eq!(missing, "No run of the mode icount is recorded yet.");
        }
    }

    /// Figures in the document that are older than the recordings would be a lie.
    #[test]
    fn document_shows_the_figures_of_the_recordings() {
        let top = crate::setup::Workspace::find().unwrap().root;
        let stale = stale(&top).unwrap();
        assert!(
            stale.is_empty(),
            "run `cargo testbed report --docs`: {stale:?}"
        );
    }

    /// The tables of the recording's keys name what a recording holds, and nothing else.
    #[test]
    fn document_explains_every_key() {
        let top = crate::setup::Workspace::find().unwrap().root;
        let text = fs::read_to_string(top.join(DOCUMENT)).unwrap();
        let run = serde_json::to_value(sample::of_mode(Mode::Wall)).unwrap();
        let tables = irqcast_tests::table::tables(&text);
        let mut explained = tables
            .iter()
            .filter(|table| table.header[0] == "key")
            .map(|table| {
                let keys = table
                    .rows
                    .iter()
                    .map(|row| row[0].trim_matches('`').to_owned());
                keys.collect::<std::collections::BTreeSet<_>>()
            });
        assert_eq!(explained.next(), Some(keys_of(&run).into_iter().collect()));
        let paths = run["paths"].as_array().unwrap();
        assert_eq!(
            explained.next(),
            Some(paths.iter().flat_map(keys_of).collect())
        );
        assert_eq!(explained.next(), None);
    }

    fn keys_of(value: &serde_json::Value) -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn recordings_are_of_a_stock_kernel_and_were_measured() {
        let top = crate::setup::Workspace::find().unwrap().root;
        for run in Recordings::read(&top).unwrap().runs {
            assert_eq!(run.kernel.name, "stock");
            assert_ne!(
                run.machine.host_processor,
                sample::of_mode(Mode::Wall).machine.host_processor
            );
        }
    }
}
