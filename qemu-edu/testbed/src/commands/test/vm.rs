//! Tests that run in guests.

use std::time::{Duration, Instant};

use super::{
    group::{self, Group},
    lifecycle,
    list::{self, Case, Form},
    report::{Outcome, Report},
};
use crate::{
    cli::{Guest, KernelChoice, Options},
    debs::{self, Version},
    prepared::Prepared,
    setup::{KernelSetup, Setup},
    ui::Ui,
    vm::{
        Disk, Logs, Machine,
        initramfs::{Builder, E1000, PACKAGES},
    },
};

/// The tests to run on one kernel.
pub struct Plan {
    choice: KernelChoice,
    kernel: &'static str,
    form: Form,
    groups: Vec<(Machine, Vec<Case>)>,
    lifecycle: Vec<lifecycle::Test>,
}

/// The tests of this form, in this guest if one is named, whose full name `matches`, for each kernel.
pub fn plan(
    setup: &Setup,
    choices: &[KernelChoice],
    guest: Option<Guest>,
    form: Form,
    matches: &dyn Fn(&str) -> bool,
) -> anyhow::Result<Vec<Plan>> {
    let cases = list::cases(setup.userland())?;
    let mut plans = Vec::new();
    for (index, &choice) in choices.iter().enumerate() {
        let kernel = choice.name();
        let mut chosen = cases.clone();
        chosen.retain(|case| {
            case.has(form)
                && case.is_in(guest)
                && case.is_for(kernel)
                && matches(&full_name(kernel, &case.name))
        });
        // How guests begin and end is the testbed's own business: one kernel shows it.
        let is_shown = index == 0 && form == Form::Short && guest != Some(Guest::Debian);
        let mut lifecycle = if is_shown {
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
    /// Makes the kernel, and what the guests beside it need.
    pub fn prepare(
        &self,
        setup: &Setup,
        options: &Options,
        ui: &Ui,
    ) -> anyhow::Result<KernelSetup> {
        let mut kernel = setup.kernel(options, self.choice, ui)?;
        let mut machines = self.groups.iter().map(|(machine, _)| machine);
        if machines.any(|machine| machine.guest == Guest::Debian) {
            setup.debian(options, &mut kernel, ui)?;
        }
        if self.needs_layer(E1000) {
            kernel.prepared.e1000 = Some(setup.e1000(&kernel, ui)?);
        }
        if let Some(debian) = &mut kernel.prepared.debian
            && self.needs_layer(PACKAGES)
        {
            let workspace = setup.workspace();
            let tree = setup.packaging(options, ui)?;
            let version = Version::of(&workspace.root, None)?;
            let folder = workspace.root.join("target/packages");
            let made = debs::build(workspace, &tree, &version, &folder, ui)?;
            debian.packages = vec![made.daemon];
        }
        Ok(kernel)
    }

    /// Whether the machine of a test has this layer.
    fn needs_layer(&self, layer: &str) -> bool {
        let mut layers = self.groups.iter().flat_map(|(machine, _)| &machine.layers);
        layers.any(|name| name == layer)
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
            let mut builder = Builder::of(machine.guest, prepared)?;
            for layer in &machine.layers {
                builder.layer(layer)?;
            }
            let path = logs.folder().join(format!("{}.disk", self.kernel));
            let disk = match (machine.guest, &prepared.debian) {
                (Guest::Debian, Some(debian)) => Some(Disk::copy(&debian.image, path)?),
                _ if machine.disk => Some(Disk::make(setup.mke2fs(options, ui)?, path)?),
                _ => None,
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
                    verdict: group::failed(&lost),
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
