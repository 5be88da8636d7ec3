//! The figures in docs/comparison.md, made of the recordings beside it.
//!
//! The document is written by hand but for its blocks of figures. Each is between a line
//! `<!-- figures: NAME -->` and a line `<!-- end of figures -->`, and is replaced as a whole.

mod daemon;
mod figures;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use irqcast_bench::schema::{Mode, Run};

pub use self::figures::facts;
use super::{
    chart::{self, Room, palette},
    curves,
    recordings::{FOLDER, Recordings},
};

/// The document, from the top of the repository.
pub const DOCUMENT: &str = "docs/comparison.md";

const BEGIN: &str = "<!-- figures: ";
const BEGIN_ENDS: &str = " -->";
const END: &str = "<!-- end of figures -->";

/// What `top` should hold: each file that is generated, or generated in part, with its content.
pub fn render(top: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let recordings = Recordings::read(top)?;
    let document = top.join(DOCUMENT);
    let text = fs::read_to_string(&document)
        .with_context(|| format!("failed to read {}", document.display()))?;
    let text = replace(&text, |name| figures::block(name, &recordings))
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

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const EXAMPLE: &str =
        "before\n<!-- figures: storms wall -->\nold\n<!-- end of figures -->\nafter\n";

    fn made_up() -> Recordings {
        Recordings {
            runs: vec![sample::of_mode(Mode::Wall)],
            daemon: Some(sample::of_daemon()),
        }
    }

    #[test]
    fn only_blocks_are_replaced_and_a_second_time_changes_nothing() {
        let once = replace(EXAMPLE, |name| figures::block(name, &made_up())).unwrap();
        assert!(once.starts_with("before\n<!-- figures: storms wall -->\n\n| sent from |"));
        assert!(once.ends_with("|\n\n<!-- end of figures -->\nafter\n") && !once.contains("old"));
        assert_eq!(
            replace(&once, |name| figures::block(name, &made_up())).unwrap(),
            once
        );
    }

    #[test]
    fn mistakes_in_blocks_are_told() {
        for (name, told) in [("stroms", "no figures"), ("storms wal", "no mode")] {
            let document = EXAMPLE.replace("storms wall", name);
            let error = replace(&document, |name| figures::block(name, &made_up())).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
        }
        let open = EXAMPLE.replace("<!-- end", "<!-- End");
        let error = replace(&open, |name| figures::block(name, &made_up())).unwrap_err();
        assert!(error.to_string().contains("does not end"), "{error}");
    }

    #[test]
    fn every_kind_of_figures_has_one_table_with_even_rows() {
        for subject in [
            "machine", "table", "standing", "fan-out", "rates", "payload", "storms", "joining",
        ] {
            let text = figures::block(&format!("{subject} wall"), &made_up()).unwrap();
            let tables = irqcast_tests::table::tables(&text);
            assert_eq!(tables.len(), 1, "{subject}:\n{text}");
            let table = &tables[0];
            assert!(!table.rows.is_empty(), "{subject}");
            let even = table.rows.iter().all(|row| row.len() == table.header.len());
            assert!(even, "{subject}:\n{text}");
            let missing = figures::block(&format!("{subject} icount"), &made_up()).unwrap();
            assert_eq!(missing, "No run of the mode icount is recorded yet.");
        }
    }

    #[test]
    fn figures_of_the_daemon_are_tables_with_even_rows() {
        for (subject, tables_there) in [("peers", 2), ("confinement", 1), ("machine", 1)] {
            let text = figures::block(&format!("{subject} daemon"), &made_up()).unwrap();
            let tables = irqcast_tests::table::tables(&text);
            assert_eq!(tables.len(), tables_there, "{subject}:\n{text}");
            for table in &tables {
                assert!(!table.rows.is_empty(), "{subject}");
                let even = table.rows.iter().all(|row| row.len() == table.header.len());
                assert!(even, "{subject}:\n{text}");
            }
            let missing = figures::block(&format!("{subject} daemon"), &Recordings::default());
            assert_eq!(
                missing.unwrap(),
                "No run of `bench --daemon` is recorded yet."
            );
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
        let daemon = serde_json::to_value(sample::of_daemon()).unwrap();
        let peers = daemon["peers"].as_array().unwrap();
        let part = |name: &str| peers.iter().flat_map(|peer| keys_of(&peer[name])).collect();
        for keys in [
            keys_of(&daemon).into_iter().collect(),
            keys_of(&daemon["plan"]).into_iter().collect(),
            peers.iter().flat_map(keys_of).collect(),
            part("sleeper"),
            part("burst"),
        ] {
            assert_eq!(explained.next(), Some(keys));
        }
        assert_eq!(explained.next(), None);
    }

    fn keys_of(value: &serde_json::Value) -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn recordings_are_of_a_stock_kernel_and_were_measured() {
        let top = crate::setup::Workspace::find().unwrap().root;
        let recordings = Recordings::read(&top).unwrap();
        if let Some(daemon) = recordings.daemon {
            assert_eq!(daemon.kernel.name, "stock");
            assert_ne!(daemon.started, sample::of_daemon().started);
        }
        for run in recordings.runs {
            assert_eq!(run.kernel.name, "stock");
            assert_ne!(
                run.machine.host_processor,
                sample::of_mode(Mode::Wall).machine.host_processor
            );
        }
    }
}
