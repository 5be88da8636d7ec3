//! What the testbed adds to a Debian guest: its service, the test program, and the driver as DKMS
//! leaves it, known to `depmod` and not loaded.

use std::fs;

use anyhow::{Context as _, ensure};

use super::{Builder, EXECUTABLE, PLAIN, new_archive};
use crate::prepared::Prepared;

/// Where PID 1 of the initramfs looks for what it is to add to the system on the disk.
const ADDED: &str = "/added";

/// Name of the layer with the project's own packages.
pub const PACKAGES: &str = "packages";

/// The testbed's end in the guest, as a service. The system is told of it for this boot only.
const SERVICE: &str = "irqcast-testbed.service";

/// It starts when all that the boot brings has been started.
const UNIT: &str = "\
[Unit]
Description=Commands of the testbed
After=multi-user.target

[Service]
ExecStart=/run/irqcast-testbed/init service
StandardOutput=journal+console
StandardError=journal+console
KillMode=mixed
OOMScoreAdjust=-1000
";

/// Modules of the processor that udev would load, and that take a second of each boot for nothing.
const NOT_LOADED: &str = "\
blacklist acpi_cpufreq
blacklist kvm_amd
blacklist kvm_intel
blacklist powernow_k8
";

/// Starts with what every Debian guest has.
pub fn start(prepared: &Prepared) -> anyhow::Result<Builder<'_>> {
    let debian = prepared
        .debian
        .as_ref()
        .context("set-up has made no Debian guest")?;
    let mut archive = new_archive()?;
    archive.console()?;
    archive.copy("/init", &prepared.userland.init, EXECUTABLE)?;
    let mut builder = Builder {
        prepared,
        archive,
        root: ADDED,
    };
    let programs = &prepared.userland;
    for (path, from) in [
        ("/run/irqcast-testbed/init", &programs.init),
        ("/usr/local/bin/irqcast-e2e", &programs.e2e),
    ] {
        builder.copy(path, from, EXECUTABLE)?;
    }
    let units = "/run/systemd/system";
    builder.file(&format!("{units}/{SERVICE}"), UNIT.as_bytes(), PLAIN)?;
    builder.file(
        "/run/modprobe.d/irqcast-testbed.conf",
        NOT_LOADED.as_bytes(),
        PLAIN,
    )?;
    builder.archive.link(
        &format!("{ADDED}{units}/multi-user.target.wants/{SERVICE}"),
        &format!("../{SERVICE}"),
    )?;
    let modules = format!("/usr/lib/modules/{}", prepared.kernel.release);
    for entry in fs::read_dir(&debian.modules)
        .with_context(|| format!("failed to list {}", debian.modules.display()))?
    {
        let entry = entry.context("failed to list the modules")?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        builder.copy(&format!("{modules}/{name}"), &entry.path(), PLAIN)?;
    }
    let driver = format!(
        "{modules}/{}/{}",
        debian.driver_folder,
        prepared.driver.file()
    );
    builder.copy(&driver, &prepared.driver.module, PLAIN)?;
    Ok(builder)
}

impl Builder<'_> {
    /// Adds the layer of that name to a Debian guest.
    pub(super) fn debian_layer(&mut self, name: &str) -> anyhow::Result<()> {
        ensure!(
            name == PACKAGES,
            "a test wants a layer {name:?} for a Debian guest, which the testbed does not know"
        );
        let debian = self.prepared.debian.as_ref();
        let packages = debian.map_or(&[][..], |debian| &debian.packages);
        ensure!(
            !packages.is_empty(),
            "a test wants packages, and none were made"
        );
        for package in packages {
            let name = package.file_name().context("a package has no name")?;
            let name = name.to_string_lossy();
            self.copy(
                &format!("/run/irqcast-testbed/packages/{name}"),
                package,
                PLAIN,
            )?;
        }
        Ok(())
    }

    /// Adds the daemon and the tool, as a person would who installs them by hand.
    pub fn programs(&mut self) -> anyhow::Result<()> {
        let programs = self.prepared.userland.clone();
        self.copy("/usr/local/bin/irqcastd", &programs.irqcastd, EXECUTABLE)?;
        self.copy(
            "/usr/local/bin/irqcastctl",
            &programs.irqcastctl,
            EXECUTABLE,
        )
    }
}
