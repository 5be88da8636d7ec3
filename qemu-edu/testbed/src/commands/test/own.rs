//! `cargo testbed test --driver`: the checks and tests of a person's own driver.
//!
//! Its tests are scripts, each of which runs in a guest with the driver loaded, which is unloaded after
//! it. Exit status 0 is passed, 77 is skipped.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::{
    host,
    report::{Outcome, Report, Verdict},
};
use crate::{
    cli::{self, KernelChoice, Only},
    commands::guest,
    exit,
    own_driver::OwnDriver,
    setup::Setup,
    ui::Ui,
    vm::{Invocation, Logs, Lost, Machine, Vm, initramfs::Builder},
};

/// Exit status by which a test says that it cannot run yet.
const SKIPPED: u8 = 77;

/// How long a test may take. It stops a hang.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs the command, on the stock kernel where no other was asked for.
pub fn run(options: &cli::Options, args: &cli::TestArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    options.require_minimal_guest_for(&args.driver)?;
    let folder = args
        .driver
        .driver
        .as_deref()
        .context("--driver names no folder")?;
    let own = OwnDriver::open(folder)?;
    let filter = args.filter.as_deref().unwrap_or_default();
    let mut tests = own.tests()?;
    tests.retain(|test| name_of(test).contains(filter));
    if args.list {
        tests.iter().for_each(|test| println!("{}", name_of(test)));
        return Ok(ExitCode::from(exit::OK));
    }
    let wanted = |half| args.only.is_none_or(|only| only == half);
    let setup = Setup::new(options, ui, false)?;
    let kernels = options.kernels(&[KernelChoice::Stock]);
    let kernel = kernels.first().context("no kernel was chosen")?;
    let mut kernel = setup.kernel(options, *kernel, ui)?;
    let mut report = Report::default();
    if wanted(Only::Host) {
        for outcome in host::run_own(options, &setup, &kernel, &own, filter, ui)? {
            report.add(outcome.into());
        }
    }
    if wanted(Only::Vm) && !tests.is_empty() {
        setup.own(own.clone(), &mut kernel, ui)?;
        let prepared = &kernel.prepared;
        let logs = Logs::create(setup.cache().folder(), options.keep_log.as_deref())?;
        let machine = args.driver.machine(None);
        let initramfs = Builder::new(prepared)?.finish()?;
        let mut vm: Option<Vm> = None;
        for test in &tests {
            let started = Instant::now();
            let booted = match vm.take() {
                Some(vm) => load(vm, prepared.driver.path().as_str(), &machine, &own),
                None => guest::boot_with_driver(prepared, &machine, &initramfs, &logs),
            };
            let ended = booted.and_then(|vm| in_guest(vm, &own, test));
            let verdict = match ended {
                Ok((verdict, rest)) => {
                    vm = Some(rest);
                    verdict
                }
                Err(error) => super::group::failed(&error.downcast::<Lost>()?),
            };
            report.add(Outcome {
                name: name_of(test),
                verdict,
                time: started.elapsed(),
            });
        }
        if let Some(vm) = vm {
            vm.power_off()?;
        }
        report.note(&format!(
            "\nlogs of the guests: {}",
            logs.folder().display()
        ));
    }
    if report.is_empty() {
        bail!(
            "no test of {} has a name that contains {filter:?}",
            own.folder.display()
        );
    }
    Ok(ExitCode::from(match report.finish() {
        true => exit::OK,
        false => exit::FAILED,
    }))
}

/// Full name of the test that a script is.
fn name_of(script: &str) -> String {
    format!("vm::{}", script.trim_end_matches(".sh"))
}

/// Loads the driver again.
fn load(mut vm: Vm, path: &str, machine: &Machine, own: &OwnDriver) -> anyhow::Result<Vm> {
    let command = ["insmod", path]
        .into_iter()
        .chain(machine.parameters_of(&own.module));
    let loaded = vm.run(Invocation::new(command), LIMIT, |_| {})?;
    anyhow::ensure!(
        loaded.exit.success(),
        "the driver does not load again: {}",
        loaded.text().trim()
    );
    Ok(vm)
}

/// Runs a test, and unloads the driver after it.
fn in_guest(mut vm: Vm, own: &OwnDriver, test: &str) -> anyhow::Result<(Verdict, Vm)> {
    let script = own.script(&format!("tests/{test}"));
    let ended = vm.run(Invocation::new(["sh", &script]), LIMIT, |_| {})?;
    vm.kill_all()?;
    let unloaded = vm.run(Invocation::new(["rmmod", &own.module]), LIMIT, |_| {})?;
    let failed = |summary: String, details: String| Verdict::Failed {
        summary,
        details: format!("{details}\nkernel log: {}", vm.log().display()),
    };
    let verdict = match ended.exit {
        irqcast_link::Exit::Status(0) if unloaded.exit.success() => Verdict::Passed,
        irqcast_link::Exit::Status(SKIPPED) if unloaded.exit.success() => {
            Verdict::Skipped(ended.text().trim().to_owned())
        }
        irqcast_link::Exit::Status(0 | SKIPPED) => failed(
            "the driver cannot be unloaded after it".to_owned(),
            unloaded.text(),
        ),
        exit => failed(exit.to_string(), ended.text()),
    };
    Ok((verdict, vm))
}
