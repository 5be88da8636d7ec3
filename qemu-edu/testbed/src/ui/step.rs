//! One named step of a longer work.

use std::time::{Duration, Instant};

use console::Style;
use indicatif::{ProgressBar, ProgressStyle};

use super::Ui;

/// A step that is shown while it runs. Dropping it without [`Step::finish`] shows that it failed.
#[derive(Debug)]
pub struct Step<'a> {
    ui: &'a Ui,
    name: String,
    bar: ProgressBar,
    started: Instant,
    finished: bool,
    /// Not worth a line if it takes less than [`WORTH_A_LINE`].
    quiet: bool,
}

/// A quiet step that takes longer is mentioned.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

impl<'a> Step<'a> {
    pub(super) fn new(ui: &'a Ui, name: &str, quiet: bool) -> Self {
        ui.log_line(&format!("step: {name}"));
        let bar = if ui.interactive {
            let bar = ui.bars.add(ProgressBar::new_spinner());
            bar.set_style(style("{spinner} {prefix} {elapsed} {wide_msg:.dim}"));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        } else {
            if !quiet {
                ui.print(&format!("  {name} ..."));
            }
            ProgressBar::hidden()
        };
        Self {
            ui,
            name: name.to_owned(),
            bar,
            started: Instant::now(),
            finished: false,
            quiet,
        }
    }

    /// The name that the step was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shows a bar from now on: the work has `length` parts.
    pub fn set_length(&self, length: u64) {
        self.bar.set_length(length);
        self.bar.set_style(style(
            "{spinner} {prefix} {elapsed} [{bar:24.cyan}] {percent:>3}% {wide_msg:.dim}",
        ));
    }

    /// Moves the bar: `position` parts are done.
    pub fn set_position(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// Says what goes on just now, in a few words.
    pub fn message(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// Ends the step well; `result` says in a few words what there is now.
    pub fn finish(mut self, result: &str) {
        self.finished = true;
        let mark = Style::new().for_stderr().green().apply_to("ok");
        self.end(&mark.to_string(), result);
    }

    /// Ends the step without a word: what came of it is told elsewhere.
    pub fn end_quietly(mut self) {
        self.finished = true;
        self.bar.finish_and_clear();
    }

    fn end(&self, mark: &str, result: &str) {
        self.bar.finish_and_clear();
        if self.quiet && self.finished && self.started.elapsed() < WORTH_A_LINE {
            return;
        }
        let elapsed = self.started.elapsed().as_secs_f64();
        let separator = if result.is_empty() { "" } else { ": " };
        let line = format!("  {} {mark} ({elapsed:.1} s){separator}{result}", self.name);
        self.ui.note(&line);
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.finished {
            let mark = Style::new().for_stderr().red().apply_to("not done");
            self.end(&mark.to_string(), "");
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
