//! Rules that need more than the unit grants: refused without the drop-in that docs/install.md names for
//! them, and run with it.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::FIXED;
use crate::case::Case;
use crate::installed::{self, UNIT};
use crate::{system, wait};

/// Where the package has the drop-ins, and where systemd takes them from.
const SHIPPED: &str = "/usr/share/irqcast/drop-ins";
const TAKEN: &str = "/etc/systemd/system/irqcastd.service.d";

const OTHER_USERS: &str = "other-users.conf";
const OWN_MOUNTS: &str = "own-mounts.conf";

/// Name of the rule.
const RULE: &str = "confined";

/// A folder that a hook may be kept from, with a file in it.
const SECRET: &str = "/srv/e2e-secret";

pub fn cases() -> Vec<Case> {
    let case = |name: &str, body: fn() -> Result<()>| Case::new(format!("debian::{name}"), body);
    vec![
        case(
            "rules_that_need_a_drop_in_are_refused_without_it",
            refused_without,
        ),
        case("hook_of_another_user_runs_with_the_drop_in", another_user),
        case("hook_of_another_group_runs_with_the_drop_in", another_group),
        case("hook_sees_no_hidden_folder_with_the_drop_in", hidden),
        case("hook_has_a_tmp_of_its_own_with_the_drop_in", private_tmp),
        case("hook_has_no_network_with_the_drop_in", no_network),
    ]
}

/// Each key, and the capability that the refusal has to name.
fn refused_without() -> Result<()> {
    installed::ready()?;
    make_secret()?;
    let hidden = format!("hidden = [{SECRET:?}]");
    for (key, confinement, capability) in [
        ("user", "user = \"nobody\"", "CAP_SETUID"),
        // The refusal names `user` for each key that makes a hook another one.
        ("user", "group = \"nogroup\"", "CAP_SETGID"),
        ("hidden", hidden.as_str(), "CAP_SYS_ADMIN"),
        ("private-tmp", "private-tmp = true", "CAP_SYS_ADMIN"),
        ("network", "network = false", "CAP_SYS_ADMIN"),
    ] {
        configure(confinement, "true")?;
        system::run(&format!("systemctl reset-failed {UNIT}"))?;
        system::refused(&format!("systemctl restart {UNIT}"))?;
        // It would be tried again, and say the same.
        system::run(&format!("systemctl stop {UNIT}"))?;
        wait::until("the reason in the journal", || {
            let said = system::run(&format!(
                "journalctl --no-pager --output=cat --unit={UNIT} --lines=50"
            ))?;
            let parts = [RULE, capability, &format!("`{key}`")];
            let names_all = |line: &str| parts.iter().all(|part| line.contains(part));
            Ok(said.lines().any(names_all).then_some(()))
        })
        .with_context(|| format!("the start with {key}"))
        .with_context(installed::log)?;
    }
    installed::ready()
}

fn another_user() -> Result<()> {
    let _drop_in = DropIn::take(OTHER_USERS)?;
    let said = says("user = \"nobody\"", "id -un; id -gn", 2)?;
    ensure!(said == ["nobody", "nogroup"], "{said:?}");
    Ok(())
}

fn another_group() -> Result<()> {
    let _drop_in = DropIn::take(OTHER_USERS)?;
    let said = says("group = \"nogroup\"", "id -un; id -gn", 2)?;
    ensure!(said == ["irqcast", "nogroup"], "{said:?}");
    Ok(())
}

fn hidden() -> Result<()> {
    make_secret()?;
    let _drop_in = DropIn::take(OWN_MOUNTS)?;
    let list = format!("echo in it: $(ls -A {SECRET})");
    let said = says("private-tmp = true", &list, 1)?;
    ensure!(said == ["in it: file"], "{said:?}");
    let said = says(&format!("hidden = [{SECRET:?}]"), &list, 1)?;
    ensure!(said == ["in it:"], "{said:?}");
    Ok(())
}

/// The second hook does not see what the first one left.
fn private_tmp() -> Result<()> {
    let _drop_in = DropIn::take(OWN_MOUNTS)?;
    let leave = "echo in it: $(ls -A /tmp); touch /tmp/left";
    for (confinement, second) in [("", "in it: left"), ("private-tmp = true", "in it:")] {
        says(confinement, leave, 1)?;
        let said = raised(1)?;
        ensure!(said == [second], "{said:?} with {confinement:?}");
    }
    Ok(())
}

fn no_network() -> Result<()> {
    let _drop_in = DropIn::take(OWN_MOUNTS)?;
    let machine = fs::read_link("/proc/self/ns/net")?;
    let machine = machine.to_string_lossy();
    let said = says("network = true", "readlink /proc/self/ns/net", 1)?;
    ensure!(said == [machine.as_ref()], "{said:?}");
    let said = says("network = false", "readlink /proc/self/ns/net", 1)?;
    ensure!(
        said.concat().starts_with("net:[") && said != [machine.as_ref()],
        "{said:?}"
    );
    Ok(())
}

fn make_secret() -> Result<()> {
    system::run(&format!(
        "mkdir -p {SECRET} && touch {SECRET}/file && chmod 755 {SECRET}"
    ))
    .map(drop)
}

/// Puts one rule in the place of all, whose hook runs a shell script under this confinement.
fn configure(confinement: &str, script: &str) -> Result<()> {
    let rule = format!(
        "[[rule]]\nname = {RULE:?}\n[rule.hook]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\n\
         time-limit = \"none\"\n[rule.hook.confine]\n{confinement}\n"
    );
    fs::write("/etc/irqcast/irqcastd.toml", rule).context("failed to configure")
}

/// The lines that a script says as a hook with this confinement, of which there are so many.
fn says(confinement: &str, script: &str, lines: usize) -> Result<Vec<String>> {
    configure(confinement, script)?;
    system::run(&format!("systemctl reset-failed {UNIT}"))?;
    system::run(&format!("systemctl restart {UNIT}")).with_context(installed::log)?;
    raised(lines)
}

/// Makes the device interrupt, and returns the lines that the hook for that says.
fn raised(lines: usize) -> Result<Vec<String>> {
    let events = installed::raise(FIXED.0, 1)?;
    let seq = events.first().context("no event was raised")?;
    let options = "--no-pager --quiet --output=cat --output-fields=IRQCAST_LINE";
    wait::until("the hook's lines in the journal", || {
        let found = system::run(&format!(
            "journalctl {options} _PID=$(systemctl show --value --property=MainPID {UNIT}) \
             IRQCAST_RULE={RULE} IRQCAST_SEQ={seq} || true"
        ))?;
        let found: Vec<String> = found
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        Ok((found.len() >= lines).then_some(found))
    })
    .with_context(installed::log)
}

/// A drop-in of the package that the service has. Dropping it takes it away, and leaves the service
/// stopped.
struct DropIn;

impl DropIn {
    /// Does what docs/install.md says, but for the restart.
    fn take(name: &str) -> Result<Self> {
        installed::ready()?;
        let taken = Self;
        system::run(&format!(
            "mkdir -p {TAKEN} && cp {SHIPPED}/{name} {TAKEN} && systemctl daemon-reload"
        ))?;
        Ok(taken)
    }
}

impl Drop for DropIn {
    fn drop(&mut self) {
        // A test that failed has said why already.
        let _ = system::run(&format!(
            "systemctl stop {UNIT}; rm -rf {TAKEN}; systemctl daemon-reload"
        ));
    }
}
