//! The system of a Debian guest, asked and told as an administrator does: by commands.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};

use crate::wait;

/// Runs a script, which must succeed, and returns what it printed, without the last line's end.
pub fn run(script: &str) -> Result<String> {
    let output = output(script)?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{script:?} ended with {}\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(stdout.trim_end().to_owned())
}

/// Runs a script, which must fail, and returns its complaint.
pub fn refused(script: &str) -> Result<String> {
    let output = output(script)?;
    ensure!(
        !output.status.success(),
        "{script:?} is not refused and prints {}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn output(script: &str) -> Result<Output> {
    Command::new("sh")
        .args(["-c", script])
        .env("LC_ALL", "C.UTF-8")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .context("failed to start a shell")
}

/// A property of a unit, as `systemctl show` has it.
pub fn property(unit: &str, name: &str) -> Result<String> {
    run(&format!("systemctl show --value --property={name} {unit}"))
}

/// Waits until a property of a unit has this value.
pub fn until_property(unit: &str, name: &str, value: &str) -> Result<()> {
    wait::until(&format!("{name}={value} of {unit}"), || {
        Ok((property(unit, name)? == value).then_some(()))
    })
    .with_context(|| run(&format!("systemctl status {unit} || true")).unwrap_or_default())
}

/// Waits until the boot is over, and returns what the system says of itself: `running` if all is well.
pub fn settled() -> Result<String> {
    // Its exit status is that of the word that it prints.
    let state = run("systemctl is-system-running --wait || true")?;
    run("udevadm settle")?;
    Ok(state)
}
