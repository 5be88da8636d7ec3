//! Running a program as part of a step: its output goes to the log, and when it fails, its last
//! lines are shown.

use std::{
    collections::VecDeque,
    fmt,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    thread,
};

use anyhow::Context;

use super::diagnose;
use crate::{
    process::{self, Child},
    ui::{Step, Ui},
};

/// How many lines of a failed program are shown.
const LAST_LINES: usize = 25;

/// A program that set-up needed failed.
#[derive(Debug)]
pub struct ProgramFailed {
    step: String,
    program: String,
    status: String,
    last_lines: Vec<String>,
    log: Option<PathBuf>,
    advice: Option<String>,
}

impl fmt::Display for ProgramFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            step,
            program,
            status,
            ..
        } = self;
        match &self.advice {
            Some(advice) => write!(f, "{step}: {advice}\n  {program} failed ({status})")?,
            None => write!(f, "{step}: {program} failed ({status})")?,
        }
        if !self.last_lines.is_empty() {
            write!(f, "; its last lines:")?;
        }
        for line in &self.last_lines {
            write!(f, "\n    {line}")?;
        }
        match &self.log {
            Some(log) => write!(f, "\n  the whole log: {}", log.display()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ProgramFailed {}

/// Runs `command` to its end. `on_line` sees each line that it prints, for progress.
///
/// `program` names it in messages. Fails with [`ProgramFailed`] if its status is not 0.
pub fn run(
    ui: &Ui,
    step: &Step<'_>,
    program: &str,
    mut command: Command,
    mut on_line: impl FnMut(&str),
) -> anyhow::Result<()> {
    ui.log_line(&format!("run: {command:?}"));
    let (reader, writer) = std::io::pipe().context("failed to make a pipe")?;
    let errors = writer.try_clone().context("failed to copy a pipe")?;
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = Child::spawn(command)?;
    let mut last_lines = VecDeque::new();
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    let status = thread::scope(|scope| {
        // Waited for at the same time: the pipe ends only when nobody is left to write to it.
        let status = scope.spawn(move || child.wait());
        while reader
            .read_until(b'\n', &mut bytes)
            .context("failed to read what a program prints")?
            > 0
        {
            let text = String::from_utf8_lossy(&bytes);
            // Progress meters end their lines with carriage returns; the last state is enough.
            let line = text.trim_end().rsplit('\r').next().unwrap_or_default();
            ui.log_output(&format!("{}: {line}", step.name()));
            on_line(line);
            keep_last(&mut last_lines, line);
            bytes.clear();
        }
        status
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("waiting for {program} panicked")))
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(ui, step, program, status, last_lines))
    }
}

fn keep_last(lines: &mut VecDeque<String>, line: &str) {
    if lines.len() == LAST_LINES {
        lines.pop_front();
    }
    lines.push_back(line.to_owned());
}

fn failed(
    ui: &Ui,
    step: &Step<'_>,
    program: &str,
    status: ExitStatus,
    last_lines: VecDeque<String>,
) -> anyhow::Error {
    let last_lines = Vec::from(last_lines);
    ProgramFailed {
        step: step.name().to_owned(),
        program: program.to_owned(),
        status: status.to_string(),
        advice: diagnose::advice(&last_lines),
        last_lines,
        log: ui.log_path(),
    }
    .into()
}

/// As [`run`], for a program that must not be stopped half-way: Ctrl-C does not reach it.
pub fn run_to_the_end(
    ui: &Ui,
    step: &Step<'_>,
    program: &str,
    mut command: Command,
) -> anyhow::Result<()> {
    ui.log_line(&format!("run: {command:?}"));
    let output = process::output_to_the_end(&mut command)?;
    let mut last_lines = VecDeque::new();
    for bytes in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(bytes).lines() {
            ui.log_output(&format!("{}: {line}", step.name()));
            keep_last(&mut last_lines, line);
        }
    }
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(ui, step, program, output.status, last_lines))
    }
}

/// Runs a short program and returns what it printed on standard output, as text.
pub fn text(program: &str, command: Command) -> anyhow::Result<String> {
    let output = process::output(command)?;
    if !output.status.success() {
        anyhow::bail!(
            "{program} failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{program} printed no valid text"))
}
