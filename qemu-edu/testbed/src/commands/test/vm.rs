//! Tests that run in guests: one guest for all tests that need the same machine, and a
//! fresh one after a guest was lost.

use std::{
    fs::File,
    time::{Duration, Instant},
};

use super::{
    lifecycle,
    list::{self, Case, Form},
    report::{Outcome, Report, Verdict},
    talk::Talk,
};
use crate::{
    cli::{KernelChoice, Options},
    prepared::Prepared,
    setup::Setup,
    ui::Ui,
    vm::{Completed, Disk, Invocation, Logs, Lost, Machine, Vm, initramfs::Builder},
};

/// Tells a test in its long form how often it is to do what it does.
const COUNT: &str = "IRQCAST_COUNT";

/// Tells a test how often the guest's power has been cut since it was first begun.
const POWER_CUTS: &str = "IRQCAST_POWER_CUTS";

/// Exit status by which a test says that it cannot run here.
const SKIPPED: u8 = 77;

/// First and last lines of a failed test's output that are shown. The rest is in the file.
const SHOWN_LINES: (usize, usize) = (20, 40);

/// The tests to run on one kernel.
pub struct Plan {
    choice: KernelChoice,
    kernel: &'static str,
    form: Form,
    groups: Vec<(Machine, Vec<Case>)>,
    lifecycle: Vec<lifecycle::Test>,
}

/// The tests of this form whose full name `matches`, for each kernel.
pub fn plan(
    setup: &Setup,
    choices: &[KernelChoice],
    form: Form,
    matches: &dyn Fn(&str) -> bool,
) -> anyhow::Result<Vec<Plan>> {
    let cases = list::cases(setup.userland())?;
    let mut plans = Vec::new();
    for (index, &choice) in choices.iter().enumerate() {
        let kernel = choice.name();
        let mut chosen = cases.clone();
        chosen.retain(|case| {
            case.has(form) && case.is_for(kernel) && matches(&full_name(kernel, &case.name))
        });
        // How guests begin and end is the testbed's own business: one kernel shows it.
        let mut lifecycle = if index == 0 && form == Form::Short {
            lifecycle::tests()
        } else {
            Vec::new()
        };
        lifecycle.retain(|test| matches(&full_name(kernel, test.name)));
        if !chosen.is_empty() || !lifecycle.is_empty() {
            plans.push(Plan {
                choice,
                kernel,
                form,
                groups: list::by_machine(chosen),
                lifecycle,
            });
        }
    }
    Ok(plans)
}

fn full_name(kernel: &str, name: &str) -> String {
    format!("{kernel}::{name}")
}

impl Plan {
    /// The kernel.
    pub fn choice(&self) -> KernelChoice {
        self.choice
    }

    /// Full names of the tests, in the order in which they run.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let cases = self.groups.iter().flat_map(|(_, cases)| cases);
        let lifecycle = self.lifecycle.iter().map(|test| test.name);
        cases
            .map(|case| case.name.as_str())
            .chain(lifecycle)
            .map(|name| full_name(self.kernel, name))
    }

    /// Runs them all.
    ///
    /// # Errors
    ///
    /// Only when the testbed itself fails, or is interrupted. Tests that fail and guests
    /// that are lost are in the report.
    pub fn run(
        &self,
        setup: &Setup,
        options: &Options,
        prepared: &Prepared,
        logs: &Logs,
        ui: &Ui,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        report.note(&format!(
            "\n{} kernel, Linux {}",
            self.kernel, prepared.kernel.release
        ));
        let mut guests = 0;
        for (machine, cases) in &self.groups {
            let mut builder = Builder::new(prepared)?;
            for layer in &machine.layers {
                builder.layer(layer)?;
            }
            let disk = match machine.disk {
                true => {
                    let path = logs.folder().join(format!("{}.disk", self.kernel));
                    Some(Disk::make(setup.mke2fs(options, ui)?, path)?)
                }
                false => None,
            };
            let mut group = Group {
                prepared,
                machine,
                initramfs: builder.finish()?,
                disk,
                logs,
                form: self.form,
                ui,
                guests: &mut guests,
                vm: None,
            };
            for case in cases {
                let name = full_name(self.kernel, &case.name);
                let (outcome, figures) = group.run(case, name, report)?;
                report.add(outcome);
                for figure in figures {
                    report.note(&format!("          {figure}"));
                }
            }
            if let Some(lost) = group.end()? {
                // No test was running, but something that they did kept the guest from
                // ending: that must not go unseen.
                let name = cases.last().map_or("", |case| &case.name);
                report.add(Outcome {
                    name: format!("{} (power-off after it)", full_name(self.kernel, name)),
                    verdict: failed(&lost),
                    time: Duration::ZERO,
                });
            }
        }
        for test in &self.lifecycle {
            let started = Instant::now();
            let verdict = test.run(options, self.choice, logs)?;
            report.add(Outcome {
                name: full_name(self.kernel, test.name),
                verdict,
                time: started.elapsed(),
            });
        }
        Ok(())
    }
}

/// Tests that share a machine.
struct Group<'a> {
    prepared: &'a Prepared,
    machine: &'a Machine,
    initramfs: File,
    /// Stays over the guests.
    disk: Option<Disk>,
    logs: &'a Logs,
    form: Form,
    ui: &'a Ui,
    /// Guests that were started on this kernel, for the names of their logs.
    guests: &'a mut u32,
    vm: Option<Vm>,
}

impl Group<'_> {
    /// Runs a test in the group's guest, or a fresh one. Returns its figures, too.
    fn run(
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
    fn end(&mut self) -> anyhow::Result<Option<Lost>> {
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

fn failed(lost: &Lost) -> Verdict {
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
