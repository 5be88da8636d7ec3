//! The table on the terminal.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use console::{Alignment, Style, Term, measure_text_width, pad_str};
use irqcast_bench::schema::{PathRun, Run};

use super::{
    columns::{self, COLUMNS, Column},
    label,
    peers::Rows,
    unit, verdict,
};

/// Blanks between columns.
const GAP: usize = 2;

/// Prints what a run found to standard output. On a terminal, columns that it has no room for
/// are left out.
pub fn print(run: &Run) {
    let term = Term::stdout();
    let width = term.is_term().then(|| usize::from(term.size().1));
    // Whoever closed standard output does not want to know.
    let _ = io::stdout().lock().write_all(render(run, width).as_bytes());
}

/// The text that [`print`] prints where a line has room for `width` characters.
pub fn render(run: &Run, width: Option<usize>) -> String {
    let paths = label::by_latency(run);
    let names: Vec<String> = paths.iter().map(|path| label::label(run, path)).collect();
    let used: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| column.is_used(run))
        .collect();
    let mut table = Table::new("path", &names);
    for column in &used {
        let cells = paths.iter().map(|path| cell(run, column, path)).collect();
        table.add(column.title, column.rank, cells);
    }
    let relative = paths
        .iter()
        .map(|path| columns::compared(run, path))
        .collect();
    table.add(columns::COMPARED, 5, relative);
    let told = paths
        .iter()
        .map(|path| columns::told(path).to_owned())
        .collect();
    table.add(columns::TOLD, 4, told);
    let left_out = table.fit(width);

    let heading = Style::new().bold();
    let mut text = format!("{}\n", heading.apply_to(heading_line(run)));
    let highlighted = label::reference(run).map(|path| label::label(run, path));
    table.write(&mut text, highlighted.as_deref());
    if !left_out.is_empty() {
        let _ = writeln!(
            text,
            "no room for: {} (--html and --json have them)",
            left_out.join(", ")
        );
    }
    let _ = writeln!(text, "{}", columns::times_are(run.mode));
    write_storms(&mut text, run);
    for line in verdict::lines(run) {
        let _ = writeln!(text, "{line}");
    }
    for skipped in &run.skipped {
        let label = Style::new().yellow().apply_to("not measured");
        let _ = writeln!(text, "{label}: {}: {}", skipped.name, skipped.reason);
    }
    text
}

fn heading_line(run: &Run) -> String {
    format!(
        "{} on Linux {} ({}), {} samples a path",
        run.mode.name(),
        run.kernel.release,
        run.machine.accelerator,
        unit::grouped(f64::from(run.samples)),
    )
}

fn cell(run: &Run, column: &Column, path: &PathRun) -> String {
    let text = column.cell(run, path);
    match column.is_best(run, path) {
        true => Style::new().green().apply_to(text).to_string(),
        false => text,
    }
}

fn write_storms(text: &mut String, run: &Run) {
    if run.storms.is_empty() {
        return;
    }
    let names: Vec<String> = run.storms.iter().map(|storm| storm.name.clone()).collect();
    let mut table = Table::new("storm", &names);
    let rates = |rate: fn(&irqcast_bench::schema::Storm) -> f64| {
        run.storms
            .iter()
            .map(|storm| unit::rate(rate(storm)))
            .collect()
    };
    table.add("interrupts", 0, rates(|storm| storm.interrupts_hz));
    table.add("delivered", 0, rates(|storm| storm.delivered_hz));
    text.push('\n');
    table.write(text, None);
}

/// Adds a table of rows that begin with a name. Where a line has no room for all columns, the last
/// ones are left out, and named.
pub(super) fn write_rows(
    text: &mut String,
    rows: &Rows,
    width: Option<usize>,
    highlighted: Option<&str>,
) {
    let names: Vec<String> = rows
        .rows
        .iter()
        .filter_map(|row| row.first().cloned())
        .collect();
    let mut table = Table::new(rows.titles.first().copied().unwrap_or_default(), &names);
    for (column, title) in (0_u8..).zip(&rows.titles).skip(1) {
        let cells = rows
            .rows
            .iter()
            .map(|row| row.get(usize::from(column)).cloned());
        table.add(
            title,
            column,
            cells.map(Option::unwrap_or_default).collect(),
        );
    }
    let left_out = table.fit(width);
    table.write(text, highlighted);
    if !left_out.is_empty() {
        let _ = writeln!(
            text,
            "no room for: {} (--json has them)",
            left_out.join(", ")
        );
    }
}

/// Names to the left, figures to the right of them.
struct Table {
    title: &'static str,
    names: Vec<String>,
    columns: Vec<Filled>,
}

struct Filled {
    title: &'static str,
    rank: u8,
    cells: Vec<String>,
    width: usize,
}

impl Table {
    fn new(title: &'static str, names: &[String]) -> Self {
        Self {
            title,
            names: names.to_vec(),
            columns: Vec::new(),
        }
    }

    fn add(&mut self, title: &'static str, rank: u8, cells: Vec<String>) {
        let widths = cells.iter().map(|cell| measure_text_width(cell));
        let width = widths.max().unwrap_or(0);
        // A column in which nothing stands is no column.
        if width > 0 {
            let width = width.max(measure_text_width(title));
            self.columns.push(Filled {
                title,
                rank,
                cells,
                width,
            });
        }
    }

    /// Drops the columns that matter least until a line fits, and returns their titles.
    fn fit(&mut self, width: Option<usize>) -> Vec<&'static str> {
        let mut left_out = Vec::new();
        while width.is_some_and(|width| self.width() > width) {
            let Some(last) = (0..self.columns.len()).max_by_key(|&at| self.columns[at].rank) else {
                break;
            };
            left_out.push(self.columns.remove(last).title);
        }
        left_out
    }

    fn width(&self) -> usize {
        self.name_width()
            + self
                .columns
                .iter()
                .map(|column| GAP + column.width)
                .sum::<usize>()
    }

    fn name_width(&self) -> usize {
        let names = self.names.iter().map(|name| measure_text_width(name));
        names.max().unwrap_or(0).max(self.title.len())
    }

    fn write(&self, text: &mut String, highlighted: Option<&str>) {
        let mut header = pad_str(self.title, self.name_width(), Alignment::Left, None).into_owned();
        for column in &self.columns {
            header.push_str(&" ".repeat(GAP));
            header.push_str(&pad_str(column.title, column.width, Alignment::Right, None));
        }
        let _ = writeln!(text, "{}", Style::new().dim().apply_to(header));
        for (row, name) in self.names.iter().enumerate() {
            let padded = pad_str(name, self.name_width(), Alignment::Left, None);
            let style = match highlighted == Some(name) {
                true => Style::new().cyan().bold(),
                false => Style::new(),
            };
            let _ = write!(text, "{}", style.apply_to(padded));
            for column in &self.columns {
                let cell = pad_str(&column.cells[row], column.width, Alignment::Right, None);
                let _ = write!(text, "{}{cell}", " ".repeat(GAP));
            }
            let ended = text.trim_end_matches(' ').len();
            text.truncate(ended);
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use irqcast_bench::schema::Mode;

    use super::super::sample;
    use super::*;

    #[test]
    fn every_path_has_a_line_and_fits() {
        console::set_colors_enabled(false);
        let run = sample::of_mode(Mode::Wall);
        for width in [None, Some(200), Some(80), Some(40)] {
            let text = render(&run, width);
            for path in &run.paths {
                let name = label::label(&run, path);
                let line = text
                    .lines()
                    .find(|line| format!("{line} ").starts_with(&format!("{name} ")));
                let line = line.unwrap_or_else(|| panic!("no line for {name} in\n{text}"));
                assert!(
                    width.is_none_or(|width| measure_text_width(line) <= width),
                    "{line}"
                );
            }
        }
    }

    #[test]
    fn columns_that_were_left_out_are_named() {
        console::set_colors_enabled(false);
        let text = render(&sample::of_mode(Mode::Wall), Some(60));
        let line = text
            .lines()
            .find(|line| line.starts_with("no room for: "))
            .unwrap();
        assert!(line.contains("switches") && !line.contains("p50"), "{line}");
        assert!(!render(&sample::of_mode(Mode::Wall), None).contains("no room for"));
    }

    #[test]
    fn no_colour_reaches_a_pipe() {
        console::set_colors_enabled(false);
        assert!(!render(&sample::of_mode(Mode::Wall), None).contains('\u{1b}'));
    }
}
