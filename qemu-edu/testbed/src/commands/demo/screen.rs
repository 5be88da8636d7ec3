//! How the demo looks.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use console::Style;

/// Prints to standard output, in colour on a terminal.
pub struct Screen {
    strong: Style,
    good: Style,
    bad: Style,
    dim: Style,
}

/// When something was said, by whom, and what.
pub type Said = (Instant, &'static str, String);

/// What the demo came to.
pub struct Summary {
    /// Hooks that ran as they should.
    pub hooks: usize,
    /// Hooks that should have run.
    pub acts: usize,
    /// Time from QEMU's start until the driver had probed its device.
    pub probed: Duration,
    /// Time from the command's start to its end.
    pub total: Duration,
    /// The guest's kernel log.
    pub log: PathBuf,
}

impl Screen {
    /// Decides on colours once.
    pub fn new() -> Self {
        Self {
            strong: Style::new().bold(),
            good: Style::new().green().bold(),
            bad: Style::new().red().bold(),
            dim: Style::new().dim(),
        }
    }

    /// Begins an act, with the command that a person would type.
    pub fn title(&self, title: &str, command: &str) {
        print(&format!("\n{}", self.strong.apply_to(title)));
        print(&format!("  $ {command}"));
    }

    /// Prints what a station of the event's way knows of it.
    pub fn fact(&self, station: &str, text: &str) {
        self.line("", station, text);
    }

    /// Prints what the stations said, in the order in which it came out of the guest, with
    /// the time since the command was given.
    pub fn said(&self, start: Instant, mut said: Vec<Said>) {
        said.sort_by_key(|(at, ..)| *at);
        for (at, station, text) in said {
            let time = format!("+{} ms", at.duration_since(start).as_millis());
            text.lines()
                .for_each(|line| self.line(&time, station, line));
        }
    }

    fn line(&self, time: &str, station: &str, text: &str) {
        let station = self.strong.apply_to(format!("{station:<8}"));
        let time = self.dim.apply_to(format!("{time:>8}"));
        print(&format!("  {time}  {station} {text}"));
    }

    /// Says what went wrong in an act.
    pub fn problem(&self, text: &str) {
        print(&format!("  {}: {text}", self.bad.apply_to("failed")));
    }

    /// Prints a sentence of its own.
    pub fn note(&self, text: &str) {
        print(&format!("\n{text}"));
    }

    /// Prints the end.
    pub fn summary(&self, summary: &Summary) {
        let Summary {
            hooks,
            acts,
            probed,
            total,
            log,
        } = summary;
        let style = if hooks == acts { &self.good } else { &self.bad };
        let result = style.apply_to(format!("{hooks} of {acts} hooks ran"));
        print(&format!(
            "\n{result}. QEMU's start to the driver's probe: {:.1} s; the whole demo: {:.1} s.\n\
             kernel log: {}",
            probed.as_secs_f32(),
            total.as_secs_f32(),
            log.display()
        ));
    }
}

fn print(text: &str) {
    // Whoever closed standard output does not want to know.
    let _ = writeln!(io::stdout().lock(), "{text}");
}
