//! The machine's power is cut under load, and the daemon goes on with what its disk holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use irqcast_tests::talk::Request;
use serde_json::Value;

use crate::case::{Case, Machine, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::raw::Genl;
use crate::{amount, chance, host, wait};

/// Where the disk is mounted.
const FOLDER: &str = "/mnt";

/// Events that have had their hooks before the power may fail.
const BEFORE: usize = 5;

/// Longest time after that.
const LIFE_MAX: Duration = Duration::from_secs(2);

/// Time between two events: the hooks cannot keep up with them.
const PAUSE: Duration = Duration::from_millis(5);

/// Events of the last boot.
const LAST: u64 = 50;

pub fn cases() -> Vec<Case> {
    vec![
        // The debug kernel has no disks.
        Case::new(
            "power::what_was_finished_is_known_and_the_rest_is_told",
            what_was_finished_is_known,
        )
        .only_on(&["stock"])
        .within(300)
        .soak(50, 3600)
        .on(Machine {
            devices: 1,
            disk: true,
            ..Machine::default()
        }),
    ]
}

/// A boot of the machine, with what hooks wrote in it. It is on the disk when they end.
struct Boot(u64);

impl Boot {
    fn file(&self, what: &str) -> PathBuf {
        Path::new(FOLDER).join(format!("{what}.{}", self.0))
    }

    /// Writes a hook that leaves what it is given in a line of the file.
    fn hook(&self, setup: &Setup, what: &str, variables: &str) -> Result<PathBuf> {
        setup.script(
            what,
            &format!(
                "#!/bin/sh\necho {variables} | dd of={:?} oflag=append conv=notrunc,fsync 2>/dev/null\n",
                self.file(what)
            ),
        )
    }

    /// What the hook left: numbers, a line for each run. One that was cut off did not end.
    fn lines(&self, what: &str) -> Result<Vec<Vec<u64>>> {
        let text = fs::read_to_string(self.file(what)).unwrap_or_default();
        let complete = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let numbers = |line: &str| line.split(' ').map(str::parse).collect::<Result<_, _>>();
        let lines: Result<_, _> = complete.lines().map(numbers).collect();
        lines.with_context(|| format!("hooks left {text:?}"))
    }

    /// Events whose hooks have ended, each once and without a mark.
    fn finished(&self) -> Result<BTreeSet<u64>> {
        let mut events = BTreeSet::new();
        for line in self.lines("ran")? {
            let [seq, mark] = line.as_slice() else {
                bail!("a hook left {line:?}");
            };
            ensure!(*mark == 0, "the hook of event {seq} has a mark");
            ensure!(events.insert(*seq), "the hook of event {seq} ran twice");
        }
        Ok(events)
    }
}

fn mount() -> Result<()> {
    let status = Command::new("mount")
        .args(["-t", "ext4", "/dev/nvme0n1", FOLDER])
        .status()
        .context("failed to run mount")?;
    ensure!(status.success(), "mount ended with {status}");
    Ok(())
}

/// Number of the last event that the state on the disk knows of.
fn last_known(setup: &Setup) -> Result<u64> {
    let text = fs::read(setup.state()).context("the power took the state along")?;
    let state: Value = serde_json::from_slice(&text).context("the power took half of the state")?;
    let lives = state["lives"].as_array().context("there are no lives")?;
    let of_last_boot = lives.iter().filter(|life| life["life"]["ended"] == false);
    let taken = of_last_boot.filter_map(|life| life["life"]["taken"].as_u64());
    taken.max().context("the state knows of no event")
}

fn what_was_finished_is_known() -> Result<()> {
    let cuts = amount::count(3);
    let boot = Boot(host::power_cuts());
    fs::create_dir_all(FOLDER)?;
    mount()?;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::in_folder(Path::new(FOLDER));
    let ran = boot.hook(&setup, "ran", "$IRQCAST_SEQ ${IRQCAST_REPEATED:-0}")?;
    let told = boot.hook(&setup, "told", "$IRQCAST_LOST_FROM $IRQCAST_LOST_TO")?;
    let path = setup.configure(&[
        setup.rule_running("all", "", &ran),
        setup.rule_running("told", "lost = true", &told),
    ])?;
    let daemon = match boot.0.checked_sub(1).map(Boot) {
        None => Daemon::start(&path)?,
        Some(earlier) => goes_on(&setup, &path, &earlier, &boot)?,
    };

    let mut genl = Genl::open()?;
    genl.join()?;
    if boot.0 < cuts {
        host::progress(boot.0, cuts)?;
        let (mut end, life) = (None, chance::up_to(LIFE_MAX)?);
        while end.is_none_or(|end| Instant::now() < end) {
            genl.interrupt(0, 1)?;
            sleep(PAUSE);
            if end.is_none() && boot.finished()?.len() >= BEFORE {
                end = Some(Instant::now() + life);
            }
        }
        host::ask(Request::CutPower)?;
        bail!("the power was not cut");
    }
    for _ in 0..LAST {
        genl.interrupt(0, 1)?;
    }
    wait::until("the hooks of the last boot", || {
        Ok((boot.finished()?.len() as u64 == LAST).then_some(()))
    })
    .with_context(|| {
        format!(
            "hooks ran for {:?}, told: {:?}, the log is:\n{}",
            boot.finished(),
            boot.lines("told"),
            daemon.log().join("\n")
        )
    })?;
    setup.until_finished(0, LAST)?;
    daemon.stop()?;

    let mut sum = (0, 0);
    for number in 0..cuts {
        sum.0 += Boot(number).finished()?.len();
        for range in Boot(number + 1).lines("told")? {
            sum.1 += range[1] - range[0] + 1;
        }
    }
    amount::stated("power cuts", cuts);
    amount::stated("events with their hooks", sum.0);
    amount::stated("events told as lost", sum.1);
    amount::stated("events that the state knew of and that had neither", 0);
    Ok(())
}

/// Starts the daemon in the next boot. Of the events that its state knew of, those without their hooks
/// are told as lost.
fn goes_on(setup: &Setup, path: &Path, earlier: &Boot, boot: &Boot) -> Result<Daemon> {
    let last = last_known(setup)?;
    let finished = earlier.finished()?;
    let missing: Vec<u64> = (1..=last).filter(|seq| !finished.contains(seq)).collect();
    let daemon = Daemon::start_until(path, "new_boot=true")?;
    let is_told = |told: &[Vec<u64>], seq: u64| {
        let mut ranges = told.iter();
        ranges.any(|range| matches!(range[..], [from, to] if (from..=to).contains(&seq)))
    };
    wait::until("the loss to be told", || {
        let told = boot.lines("told")?;
        let mut missing = missing.iter();
        Ok(missing.all(|&seq| is_told(&told, seq)).then_some(()))
    })
    .with_context(|| {
        format!(
            "of {last} events the hooks of {} ran, told: {:?}, the log is:\n{}",
            finished.len(),
            boot.lines("told"),
            daemon.log().join("\n")
        )
    })?;
    let log = daemon.log();
    let aside = log.iter().find(|line| line.contains("set it aside"));
    ensure!(aside.is_none(), "the power spoiled a file: {aside:?}");
    Ok(daemon)
}
