//! The machine's power is cut, and the system comes back with its daemon.

use anyhow::{Result, bail, ensure};
use irqcast_tests::talk::Request;

use super::FIXED;
use crate::case::Case;
use crate::installed::{self, UNIT};
use crate::{amount, host, system};

/// Cuts of the short form, and of the long one.
const SHORT: u64 = 1;
const LONG: u64 = 10;

/// Events in each boot.
const EVENTS: u64 = 5;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "debian::comes_back_with_its_daemon_after_the_power_was_cut",
            comes_back,
        )
        .soak(LONG, 3600),
    ]
}

fn comes_back() -> Result<()> {
    let cuts = amount::count(SHORT);
    let boot = host::power_cuts();
    if boot == 0 {
        installed::ready()?;
        // The package is to be there whole; what the daemon keeps is its own business.
        system::run("sync")?;
    } else {
        let state = system::settled()?;
        let failed = system::run("systemctl list-units --failed --no-legend --plain")?;
        ensure!(
            state == "running",
            "the system is {state}, and these units failed:\n{failed}"
        );
        system::until_property(UNIT, "SubState", "running")?;
        ensure!(
            !installed::log().contains("set it aside"),
            "the power spoiled a file:\n{}",
            installed::log()
        );
    }
    installed::forget_runs()?;
    let events = installed::raise(FIXED.0, EVENTS)?;
    installed::each_has_its_hook(FIXED.0, &events)?;
    if boot < cuts {
        host::progress(boot, cuts)?;
        host::ask(Request::CutPower)?;
        bail!("the power was not cut");
    }
    amount::stated("power cuts", cuts);
    Ok(())
}
