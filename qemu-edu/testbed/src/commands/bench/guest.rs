//! The guest in which everything is measured, and what it says.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use irqcast_bench::{
    plan::{Line, Plan},
    schema,
};
use serde::de::DeserializeOwned;

use super::{collect::Collected, surroundings};
use crate::{
    cli::DriverArgs,
    prepared::Prepared,
    ui::{Step, Ui},
    vm::{
        Happening, Invocation, Logs, Reason, Stream, Vm,
        initramfs::{Builder, EXECUTABLE, PLAIN},
    },
};

/// What the peers need of the kernel's own modules.
const MODULES: [&str; 4] = ["uio_pci_generic", "vfio", "vfio_iommu_type1", "vfio-pci"];

/// Words for the kernel's command line.
///
/// - The raiser maps the device's registers while a driver has them.
/// - vfio needs an IOMMU, and nobody else is to notice it (`iommu=pt`).
/// - Where the guest has only an emulated clock beside the processor's, it distrusts the
///   latter, and then each look at the time is a device access. QEMU's is reliable.
const COMMAND_LINE: &str = "iomem=relaxed intel_iommu=on iommu=pt tsc=reliable";

/// An emulated IOMMU, in which interrupts are remapped: vfio asks for that.
const IOMMU: &str = "intel-iommu,intremap=on";

/// How long one measurement may take. It stops a hang.
const LIMIT: Duration = Duration::from_secs(300);

/// What the guest has found out.
pub struct Measured {
    /// The figures.
    pub collected: Collected,
    /// Its kernel.
    pub kernel: schema::Kernel,
    /// What it ran on.
    pub machine: schema::Machine,
}

/// Boots the guest and lets it measure.
pub fn measure(
    prepared: &Prepared,
    driver: &DriverArgs,
    twin: Option<&Path>,
    plan: &Plan,
    logs: &Logs,
    ui: &Ui,
) -> anyhow::Result<Measured> {
    let step = ui.step(&format!("measuring ({})", plan.mode.name()));
    step.message("booting");
    let mut machine = driver.machine(None);
    machine.extra.insert(0, IOMMU.to_owned());
    machine.append = COMMAND_LINE.to_owned();
    machine.icount = plan.mode == schema::Mode::Icount;
    let mut builder = Builder::new(prepared)?;
    builder.copy(
        "/usr/bin/irqcast-bench",
        &prepared.userland.bench,
        EXECUTABLE,
    )?;
    if let Some(twin) = twin {
        builder.copy("/usr/lib/irqcast/irqcast_twin.ko", twin, PLAIN)?;
    }
    builder.stock_modules(&MODULES)?;
    let initramfs = builder.finish()?;
    let mut vm = Vm::boot(
        &machine,
        prepared,
        &initramfs,
        None,
        logs,
        &prepared.kernel.name,
    )?;
    let kernel = surroundings::kernel(&mut vm, prepared)?;
    let plan = serde_json::to_string(plan).context("failed to write the plan")?;
    let command = Invocation::new(["irqcast-bench", &plan]);
    let mut collected = listen(&mut vm, command, &step, ui)?;
    collected.sort();
    vm.power_off()?;
    let paths = collected.paths.len();
    step.finish(&format!("{paths} kinds of listeners"));
    Ok(Measured {
        collected,
        kernel,
        machine: surroundings::machine(&machine, prepared),
    })
}

/// Runs the program and collects what it says.
fn listen(vm: &mut Vm, command: Invocation, step: &Step<'_>, ui: &Ui) -> anyhow::Result<Collected> {
    let mut collected = Collected::default();
    follow(vm, command, |line: Line| {
        show(&line, step, ui);
        let done = line == Line::Done;
        collected.take(line);
        done
    })?;
    Ok(collected)
}

/// Runs the program and gives each line that it says to `take`, which returns whether it was the
/// last.
pub fn follow<L: DeserializeOwned>(
    vm: &mut Vm,
    command: Invocation,
    mut take: impl FnMut(L) -> bool,
) -> anyhow::Result<()> {
    let id = vm.start(command)?;
    vm.end_input(id)?;
    let mut text = Vec::new();
    let mut errors = Vec::new();
    let mut done = false;
    let mut deadline = Instant::now() + LIMIT;
    loop {
        match vm.next(Some(deadline))? {
            Happening::Output {
                stream: Stream::Stdout,
                data,
                ..
            } => {
                text.extend(data);
                while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = text.drain(..=end).collect();
                    let line = serde_json::from_slice(&line)
                        .context("the guest says something that is no result")?;
                    deadline = Instant::now() + LIMIT;
                    done |= take(line);
                }
            }
            Happening::Output { data, .. } => errors.extend(data),
            Happening::NotStarted { message, .. } => bail!("the guest says: {message}"),
            Happening::Exited { exit, .. } if exit.success() && done => return Ok(()),
            Happening::Exited { .. } => {
                let errors = String::from_utf8_lossy(&errors);
                bail!("measuring failed in the guest: {}", errors.trim());
            }
            Happening::Deadline => return Err(vm.lose(Reason::TimeLimit(LIMIT))),
            Happening::StdinTaken { .. } | Happening::Input(_) | Happening::Resized => {}
        }
    }
}

fn show(line: &Line, step: &Step<'_>, ui: &Ui) {
    match line {
        Line::Progress { done, of, what } => progress(step, ui, *done, *of, what),
        Line::Skipped(path) => ui.log_output(&format!("skipped {}: {}", path.name, path.reason)),
        Line::Path(_) | Line::Storm(_) | Line::Done => {}
    }
}

/// Shows what begins now.
pub fn progress(step: &Step<'_>, ui: &Ui, done: u32, of: u32, what: &str) {
    step.set_length(u64::from(of));
    step.set_position(u64::from(done));
    step.message(what);
    ui.log_output(&format!("{} of {of}: {what}", done + 1));
}
