//! What a person sees while the testbed works. All of it goes to standard error, so that
//! standard output holds nothing but results.

mod log;
mod step;

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use console::Style;
use indicatif::MultiProgress;

pub use self::step::Step;

/// The terminal (or what stands for it) and the log file.
#[derive(Debug)]
pub struct Ui {
    bars: MultiProgress,
    /// Standard error is a terminal: bars are drawn. Otherwise plain lines are printed.
    interactive: bool,
    verbose: AtomicBool,
    log: Mutex<Option<log::Log>>,
}

impl Ui {
    /// Looks at standard error once: bars and colour appear on a terminal only, and colour
    /// not where `NO_COLOR` is set.
    pub fn new() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let interactive = io::stderr().is_terminal() && !dumb;
        console::set_colors_enabled_stderr(interactive && !no_color);
        console::set_colors_enabled(io::stdout().is_terminal() && !dumb && !no_color);
        Self {
            bars: MultiProgress::new(),
            interactive,
            verbose: AtomicBool::new(false),
            log: Mutex::new(None),
        }
    }

    /// Prints every line that goes to the log, too.
    pub fn set_verbose(&self, verbose: bool) {
        self.verbose.store(verbose, Ordering::Relaxed);
    }

    /// Begins a named step. It is shown with its elapsed time until it is finished.
    pub fn step(&self, name: &str) -> Step<'_> {
        Step::new(self, name, false)
    }

    /// As [`Ui::step`], for work that is mostly done already: it is mentioned only if it takes
    /// more than a second, or fails.
    pub fn quiet_step(&self, name: &str) -> Step<'_> {
        Step::new(self, name, true)
    }

    /// Prints a line.
    pub fn note(&self, text: &str) {
        self.log_line(text);
        self.print(text);
    }

    /// Prints a line that a person should not overlook.
    pub fn warn(&self, text: &str) {
        self.log_line(&format!("warning: {text}"));
        let label = Style::new()
            .for_stderr()
            .yellow()
            .bold()
            .apply_to("warning");
        self.print(&format!("{label}: {text}"));
    }

    /// Prints an error with what led to it, the cause on lines of their own.
    pub fn error(&self, error: &anyhow::Error) {
        self.log_line(&format!("error: {error:#}"));
        let label = Style::new().for_stderr().red().bold().apply_to("error");
        let mut text = format!("{label}: {error}");
        for cause in error.chain().skip(1) {
            text.push_str(&format!("\n  because: {cause}"));
        }
        self.print(&text);
    }

    /// Starts a log file in `folder`. Lines that were logged before are lost, so call it early.
    pub fn open_log(&self, folder: &Path) -> anyhow::Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.is_none() {
            *log = Some(log::Log::create(folder)?);
        }
        Ok(())
    }

    /// The log file, once there is one.
    pub fn log_path(&self) -> Option<PathBuf> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.as_ref().map(|log| log.path().to_owned())
    }

    /// Adds a line to the log file.
    pub fn log_line(&self, line: &str) {
        if let Some(log) = self
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            log.line(line);
        }
    }

    /// As [`Ui::log_line`], for the output of a program: with `--verbose` it is shown, too.
    pub fn log_output(&self, line: &str) {
        self.log_line(line);
        if self.verbose.load(Ordering::Relaxed) {
            self.print(&format!(
                "    {}",
                Style::new().for_stderr().dim().apply_to(line)
            ));
        }
    }

    fn print(&self, text: &str) {
        self.bars.suspend(|| {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr().lock(), "{text}");
        });
    }
}
