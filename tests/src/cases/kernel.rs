//! What the debug kernel found at the end of all other tests of a machine.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::case::{Case, Machine, Mode};
use crate::driver::Driver;
use crate::tool;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("kernel::no_memory_leaks", no_memory_leaks)
            .only_on(&["debug"])
            .within(1800),
        Case::new("kernel::lock_checks_are_on", lock_checks_are_on).only_on(&["debug"]),
        Case::new("kernel::unit_tests_of_the_driver_pass", unit_tests_pass)
            .only_on(&["debug"])
            .on(Machine {
                append: "kunit.enable=1 kunit.autorun=1",
                ..Machine::default()
            }),
    ]
}

/// Kmemleak reports what nothing points to (Documentation/dev-tools/kmemleak.rst). An
/// object is reported only once it is older than some seconds.
fn no_memory_leaks() -> Result<()> {
    mount_debugfs()?;
    for mode in Mode::BOTH {
        let _driver = Driver::load(mode)?;
        tool::json(&["raise", "--count", "10"])?;
    }
    for _ in 0..2 {
        sleep(Duration::from_secs(6));
        fs::write(KMEMLEAK, "scan").context("kmemleak cannot scan")?;
    }
    let report = fs::read_to_string(KMEMLEAK)?;
    ensure!(!report.contains("irqcast"), "kmemleak reports:\n{report}");
    Ok(())
}

/// Lockdep switches itself off after its first report, so it must still be on at the end.
fn lock_checks_are_on() -> Result<()> {
    let statistics = fs::read_to_string("/proc/lockdep_stats").context("no lockdep")?;
    let on = statistics.lines().any(|line| {
        line.split_once(':')
            .is_some_and(|(name, value)| name.trim() == "debug_locks" && value.trim() == "1")
    });
    ensure!(on, "lockdep is off:\n{statistics}");
    Ok(())
}

/// KUnit runs a module's suites when it is loaded, and keeps their results until it is
/// unloaded (Documentation/dev-tools/kunit).
fn unit_tests_pass() -> Result<()> {
    mount_debugfs()?;
    let _driver = Driver::load(Mode::Msi)?;
    let mut suites = 0;
    for suite in fs::read_dir("/sys/kernel/debug/kunit").context("KUnit is off")? {
        let suite = suite?;
        if !suite.file_name().to_string_lossy().starts_with("irqcast") {
            continue;
        }
        let results = fs::read_to_string(suite.path().join("results"))?;
        ensure!(
            results.contains("\nok ") || results.starts_with("ok "),
            "no result:\n{results}"
        );
        ensure!(!results.contains("not ok "), "{results}");
        suites += 1;
    }
    ensure!(suites >= 6, "the driver has {suites} suites of unit tests");
    Ok(())
}

/// Makes the kernel's files for debugging visible.
pub(super) fn mount_debugfs() -> Result<()> {
    if Path::new(KMEMLEAK).exists() {
        return Ok(());
    }
    nix::mount::mount(
        None::<&str>,
        "/sys/kernel/debug",
        Some("debugfs"),
        nix::mount::MsFlags::empty(),
        None::<&str>,
    )
    .context("failed to mount debugfs")
}
