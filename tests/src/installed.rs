//! The daemon as its package installs it in a Debian guest, with one rule of the tests.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::{system, tool, wait};

/// The daemon's unit.
pub const UNIT: &str = "irqcastd.service";

/// Where the testbed puts packages.
pub const PACKAGES: &str = "/run/irqcast-testbed/packages";

/// The hook of the tests' rule.
const HOOK: &str = "/etc/irqcast/hooks/e2e";

/// What the hook leaves: a line for each run. It has to be on the disk when the power is cut.
const RAN: &str = "/var/lib/irqcast/e2e.ran";

/// A rule for every event.
const CONFIGURATION: &str = "\
[[rule]]
name = \"e2e\"
[rule.hook]
command = [\"/etc/irqcast/hooks/e2e\"]
time-limit = \"none\"
";

/// A run of the hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// Instance number of the device.
    pub device: u64,
    /// Sequence number of the event.
    pub seq: u64,
    /// Whether the event was fetched from the driver afterwards.
    pub replayed: bool,
    /// Whether the hook may have run for it before.
    pub repeated: bool,
}

/// Installs a package, without a network, as a person would.
pub fn install(package: &str) -> Result<()> {
    system::run(&format!(
        "apt-get install --yes --no-install-recommends --allow-downgrades \
         -o Dpkg::Options::=--force-confold {package}"
    ))
    .map(drop)
}

/// Path of the daemon's package.
pub fn package() -> Result<String> {
    system::run(&format!("ls {PACKAGES}/irqcastd_*.deb"))
}

/// Makes sure that the daemon is installed, has the tests' rule, and is ready for events.
pub fn ready() -> Result<()> {
    system::settled()?;
    if !Path::new("/usr/sbin/irqcastd").exists() {
        install(&package()?)?;
    }
    configure()?;
    // systemd counts starts, and these tests are full of them.
    system::run(&format!("systemctl reset-failed {UNIT}"))?;
    system::run(&format!("systemctl reload-or-restart {UNIT}"))?;
    system::until_property(UNIT, "SubState", "running")
}

/// Puts the rule in the place of the sample.
pub fn configure() -> Result<()> {
    let hook = format!(
        "#!/bin/sh\n\
         echo \"$IRQCAST_DEVICE $IRQCAST_SEQ ${{IRQCAST_REPLAYED:-0}} ${{IRQCAST_REPEATED:-0}}\" >> {RAN}\n\
         echo \"the hook saw event $IRQCAST_SEQ\"\n"
    );
    fs::write(HOOK, hook).with_context(|| format!("failed to write {HOOK}"))?;
    fs::set_permissions(HOOK, fs::Permissions::from_mode(0o755))?;
    fs::write("/etc/irqcast/irqcastd.toml", CONFIGURATION).context("failed to configure")
}

/// Makes a device interrupt so often, and returns the numbers of the events.
pub fn raise(device: u64, count: u64) -> Result<Vec<u64>> {
    let (device, count) = (device.to_string(), count.to_string());
    let events = tool::json(&["raise", "--device", &device, "--count", &count])?;
    events
        .iter()
        .map(|event| event["seq"].as_u64().context("an event has no number"))
        .collect()
}

/// All runs of the hook.
pub fn ran() -> Result<Vec<Ran>> {
    let text = fs::read_to_string(RAN).unwrap_or_default();
    text.lines()
        .map(|line| {
            let numbers: Vec<u64> = line
                .split(' ')
                .map(str::parse)
                .collect::<Result<_, _>>()
                .with_context(|| format!("the hook left {line:?}"))?;
            ensure!(numbers.len() == 4, "the hook left {line:?}");
            Ok(Ran {
                device: numbers[0],
                seq: numbers[1],
                replayed: numbers[2] == 1,
                repeated: numbers[3] == 1,
            })
        })
        .collect()
}

/// Forgets the runs so far: numbers begin anew with each life of a device.
pub fn forget_runs() -> Result<()> {
    match fs::remove_file(RAN) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {RAN}"))
        }
        _ => Ok(()),
    }
}

/// Waits until the hook has run for each of these events of a device, and makes sure that it ran once,
/// but where it was told that it may have run before. Returns the runs.
pub fn each_has_its_hook(device: u64, events: &[u64]) -> Result<Vec<Ran>> {
    let of_events = || -> Result<Vec<Ran>> {
        let mut runs = ran()?;
        runs.retain(|run| run.device == device && events.contains(&run.seq));
        Ok(runs)
    };
    let has_run = |runs: &[Ran], seq: &u64| runs.iter().any(|run| run.seq == *seq);
    let runs = wait::until("the hooks", || {
        let runs = of_events()?;
        let all = events.iter().all(|seq| has_run(&runs, seq));
        Ok(all.then_some(runs))
    })
    .with_context(|| format!("of {events:?} the hooks ran: {:?}", of_events()))
    .with_context(log)?;
    for seq in events {
        let first_runs = runs.iter().filter(|run| run.seq == *seq && !run.repeated);
        ensure!(
            first_runs.count() <= 1,
            "event {seq} had its hook twice, unmarked: {runs:?}"
        );
    }
    Ok(runs)
}

/// The end of the daemon's log.
pub fn log() -> String {
    system::run(&format!("journalctl --no-pager --lines=50 --unit={UNIT}")).unwrap_or_default()
}
