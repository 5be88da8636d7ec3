//! The package goes again.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::case::Case;
use crate::installed::{self, UNIT};
use crate::system;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("debian::removing_stops_the_daemon", removing_stops),
        Case::new("debian::purging_leaves_nothing", purging_leaves_nothing),
    ]
}

fn removing_stops() -> Result<()> {
    installed::ready()?;
    system::run("apt-get remove --yes irqcastd")?;
    let state = system::property(UNIT, "ActiveState")?;
    ensure!(state == "inactive", "the daemon is {state}");
    ensure!(
        Path::new("/etc/irqcast/irqcastd.toml").exists(),
        "the configuration went with the package"
    );
    Ok(())
}

fn purging_leaves_nothing() -> Result<()> {
    installed::ready()?;
    // It is the administrator's, as the tests' hook is.
    system::run("rm /etc/irqcast/hooks/e2e")?;
    system::run("apt-get purge --yes irqcastd")?;
    // The driver is another package's, and the log has its past.
    let left = system::run(
        "find / -xdev -name '*irqcast*' \\
         -not -path '/usr/lib/modules/*' -not -path '/usr/local/bin/*' -not -path '/tmp/*'; \\
         find /run -name '*irqcast*' -not -path '*irqcast-testbed*' -not -path '/run/udev/*'",
    )?;
    ensure!(left.is_empty(), "the package leaves\n{left}");
    let state = system::property(UNIT, "LoadState")?;
    ensure!(state == "not-found", "systemd has the unit still: {state}");
    Ok(())
}
