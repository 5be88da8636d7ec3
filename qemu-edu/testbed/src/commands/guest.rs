//! What `run`, `shell` and `demo` share: a guest with the driver loaded, and its end.

mod input;

use std::{
    fs::File,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

pub use self::input::Input;
use crate::{
    cli::{DriverArgs, Guest, KernelChoice, MachineArgs, Options},
    exit,
    prepared::Prepared,
    setup,
    ui::Ui,
    vm::{Disk, Invocation, Logs, Lost, Machine, Vm, initramfs::Builder},
};

/// How long the driver may take to load. It waits for a device that computes.
const LOAD_LIMIT: Duration = Duration::from_secs(60);

/// Makes what is missing for the one kernel that a command boots.
pub fn prepare(options: &Options, driver: &DriverArgs, ui: &Ui) -> anyhow::Result<Prepared> {
    let kernels = options.kernels(&[KernelChoice::Stock]);
    let kernel = kernels.first().context("no kernel was chosen")?;
    setup::prepare(options, *kernel, driver, ui)
}

/// Boots the machine that the command line describes, and loads the driver in it.
pub fn boot(options: &Options, args: &MachineArgs, ui: &Ui) -> anyhow::Result<Vm> {
    let prepared = prepare(options, &args.driver, ui)?;
    let machine = Machine {
        guest: options.guest(),
        append: args.append.clone(),
        memory_mib: args.memory,
        ..args.driver.machine(args.devices)
    };
    let mut builder = Builder::of(machine.guest, &prepared)?;
    if machine.guest == Guest::Debian {
        builder.programs()?;
    }
    for file in &args.copy {
        builder.copy_to_home(file)?;
    }
    let logs = Logs::create(&prepared.cache, options.keep_log.as_deref())?;
    boot_with_driver(&prepared, &machine, &builder.finish()?, &logs)
}

/// Boots a machine and loads the driver in it.
pub fn boot_with_driver(
    prepared: &Prepared,
    machine: &Machine,
    initramfs: &File,
    logs: &Logs,
) -> anyhow::Result<Vm> {
    let disk = match &prepared.debian {
        Some(debian) if machine.guest == Guest::Debian => Some(Disk::shared(debian.image.clone())),
        _ => None,
    };
    let mut vm = Vm::boot(
        machine,
        prepared,
        initramfs,
        disk.as_ref(),
        logs,
        &prepared.kernel.name,
    )?;
    let driver = &prepared.driver;
    let load = match machine.guest {
        Guest::Minimal => Invocation::new(
            ["insmod", &driver.path()]
                .into_iter()
                .chain(machine.parameters_of(&driver.name)),
        ),
        // It finds the parameters itself. Where there is a device, udev is at it already.
        Guest::Debian => Invocation::new(["modprobe", &driver.name]),
    };
    let loaded = vm.run(load, LOAD_LIMIT, |_| {})?;
    if !loaded.exit.success() {
        bail!(
            "the driver does not load in the guest: {}; the kernel's reason is in {}",
            loaded.text().trim(),
            vm.log().display()
        );
    }
    Ok(vm)
}

/// The exit code for an error: a lost guest has one of its own. Other errors pass through.
pub fn report_lost(error: anyhow::Error, ui: &Ui) -> anyhow::Result<ExitCode> {
    let Some(lost) = error.downcast_ref::<Lost>() else {
        return Err(error);
    };
    let details = lost.details();
    ui.error(&error);
    ui.note(&details);
    Ok(ExitCode::from(exit::LOST))
}

/// The time that is left until `limit` after `start`, as a deadline for [`Vm::next`].
pub fn deadline(limit: Option<Duration>) -> Option<Instant> {
    limit.map(|limit| Instant::now() + limit)
}
