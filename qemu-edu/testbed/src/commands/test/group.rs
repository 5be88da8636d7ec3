//! Tests that share a machine: one guest for all of them, and a fresh one after a guest was lost.

use std::{fs::File, time::Instant};

use super::{
    list::{Case, Form},
    report::{Outcome, Report, Verdict},
    talk::Talk,
};
use crate::{
    prepared::Prepared,
    ui::Ui,
    vm::{Completed, Disk, Invocation, Logs, Lost, Machine, Vm},
};

/// Tells a test in its long form how often it is to do what it does.
const COUNT: &str = "IRQCAST_COUNT";

/// Tells a test how often the guest's power has been cut since it was first begun.
const POWER_CUTS: &str = "IRQCAST_POWER_CUTS";

/// Exit status by which a test says that it cannot run here.
const SKIPPED: u8 = 77;

/// First and last lines of a failed test's output that are shown. The rest is in the file.
const SHOWN_LINES: (usize, usize) = (20, 40);

/// Tests that share a machine.
pub struct Group<'a> {
    /// What guests are made of.
    pub prepared: &'a Prepared,
    /// The machine.
    pub machine: &'a Machine,
    /// Its file system.
    pub initramfs: File,
    /// Stays over the guests.
    pub disk: Option<Disk>,
    /// Where the guests' logs go.
    pub logs: &'a Logs,
    /// In which form the tests run.
    pub form: Form,
    /// Shows the progress of long forms.
    pub ui: &'a Ui,
    /// Guests that were started on this kernel, for the names of their logs.
    pub guests: &'a mut u32,
    /// The guest that runs.
    pub vm: Option<Vm>,
}

impl Group<'_> {
    /// Runs a test in the group's guest, or a fresh one. Returns its figures, too.
    pub fn run(
        &mut self,
        case: &Case,
        name: String,
        report: &Report,
    ) -> anyhow::Result<(Outcome, Vec<String>)> {
        let started = Instant::now();
        let outcome = |verdict, started: Instant| Outcome {
            name: name.clone(),
            verdict,
            time: started.elapsed(),
        };
        let mut vm = match self.vm.take() {
            Some(vm) => vm,
            None => match lost(self.boot())? {
                Ok(vm) => {
                    let time = started.elapsed().as_secs_f32();
                    let devices = self.machine.devices;
                    report.note(&format!(
                        "guest with {devices} device(s), up after {time:.1} s"
                    ));
                    vm
                }
                Err(lost) => {
                    let verdict = Verdict::NotBegun {
                        summary: format!("lost in the boot: {}", lost.reason),
                        details: lost.details(),
                    };
                    return Ok((outcome(verdict, started), Vec::new()));
                }
            },
        };
        let started = Instant::now();
        let (limit, count) = case.extent(self.form);
        let mut talk = match self.form {
            Form::Short => Talk::quiet(),
            Form::Long(_) => Talk::on(self.ui.step(&name)),
        };
        let mut cuts = 0;
        let outcome = loop {
            let mut command = Invocation::new(["irqcast-e2e", "run", &case.name]);
            command = command.env(POWER_CUTS, &cuts.to_string());
            if let Some(count) = count {
                command = command.env(COUNT, &count.to_string());
            }
            let ended = vm.run_answering(command, limit, |vm, line| talk.answer(vm, line));
            match lost(ended)? {
                Ok(completed) => {
                    let outcome = outcome(self.judge(&completed, &name, &vm)?, started);
                    // What a test leaves behind must not meet the next one.
                    vm.kill_all()?;
                    self.vm = Some(vm);
                    break outcome;
                }
                // The test goes on in the next boot.
                Err(_) if talk.power_cuts() > cuts => {
                    cuts = talk.power_cuts();
                    vm = match lost(self.boot())? {
                        Ok(vm) => vm,
                        Err(lost) => break outcome(failed(&lost), started),
                    };
                }
                Err(lost) => break outcome(failed(&lost), started),
            }
        };
        Ok((outcome, talk.into_figures()))
    }

    /// Powers the guest off, and says so if it is lost on the way.
    pub fn end(&mut self) -> anyhow::Result<Option<Lost>> {
        match self.vm.take() {
            Some(vm) => Ok(lost(vm.power_off())?.err()),
            None => Ok(None),
        }
    }

    fn boot(&mut self) -> anyhow::Result<Vm> {
        *self.guests += 1;
        let name = format!("{}-{}", self.prepared.kernel.name, self.guests);
        Vm::boot(
            self.machine,
            self.prepared,
            &self.initramfs,
            self.disk.as_ref(),
            self.logs,
            &name,
        )
    }

    fn judge(&self, completed: &Completed, name: &str, vm: &Vm) -> anyhow::Result<Verdict> {
        let output = completed.text();
        let file = format!("{}.output", name.replace("::", "."));
        let saved = match output.is_empty() {
            true => None,
            false => Some(self.logs.save(&file, output.as_bytes())?),
        };
        Ok(match completed.exit {
            irqcast_link::Exit::Status(0) => Verdict::Passed,
            irqcast_link::Exit::Status(SKIPPED) => Verdict::Skipped(output.trim().to_owned()),
            exit => {
                let lines: Vec<&str> = output.lines().collect();
                let (first, last) = SHOWN_LINES;
                let hidden = lines.len().saturating_sub(first + last);
                let mut details = match saved.filter(|_| hidden > 0) {
                    Some(saved) => format!(
                        "{}\n… {hidden} lines more in {} …\n{}",
                        lines[..first].join("\n"),
                        saved.display(),
                        lines[first + hidden..].join("\n")
                    ),
                    None => lines.join("\n"),
                };
                details.push_str(&format!("\nkernel log: {}", vm.log().display()));
                Verdict::Failed {
                    summary: exit.to_string(),
                    details,
                }
            }
        })
    }
}

/// What became of a test whose guest was lost.
pub fn failed(lost: &Lost) -> Verdict {
    Verdict::Failed {
        summary: format!("lost: {}", lost.reason),
        details: lost.details(),
    }
}

/// Takes a lost guest out of the errors: it is an outcome. The others pass through.
fn lost<T>(result: anyhow::Result<T>) -> anyhow::Result<Result<T, Lost>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => error.downcast().map(Err),
    }
}
