//! The system comes up with the devices present, before anything of irqcast but the driver is there.

use anyhow::{Result, ensure};

use super::{FIXED, PLUGGED};
use crate::case::Case;
use crate::driver::Driver;
use crate::system;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("debian::boots_with_no_failed_unit", no_failed_unit),
        Case::new("debian::loads_the_driver_by_its_alias", loads_by_alias),
        Case::new(
            "debian::runs_the_kernel_that_debian_built",
            runs_debians_kernel,
        ),
    ]
}

fn no_failed_unit() -> Result<()> {
    let state = system::settled()?;
    let failed = system::run("systemctl list-units --failed --no-legend --plain")?;
    ensure!(
        state == "running" && failed.is_empty(),
        "the system is {state}, and these units failed:\n{failed}"
    );
    Ok(())
}

fn loads_by_alias() -> Result<()> {
    system::settled()?;
    let bound = Driver::bound()?;
    ensure!(bound == [FIXED.1, PLUGGED.1], "bound are {bound:?}");
    Ok(())
}

fn runs_debians_kernel() -> Result<()> {
    let release = system::run("uname -r")?;
    let package = system::run(&format!(
        "dpkg-query --search /usr/lib/modules/{release}/modules.builtin"
    ))?;
    ensure!(
        package.contains(&release),
        "the modules of {release} are those of {package}"
    );
    Ok(())
}
