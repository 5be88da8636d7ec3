//! The daemon: rules, hooks, reload, and a driver that comes and goes.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, PROGRAM, Setup};
use crate::driver::{self, Driver};
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("daemon", "hook_gets_the_event", hook_gets_the_event);
    cases.extend([
        Case::new("daemon::rules_choose_hooks", rules_choose_hooks),
        Case::new(
            "daemon::every_event_runs_its_hook_in_order",
            every_event_in_order,
        )
        .within(1800),
        Case::new("daemon::hook_starts_clean", hook_starts_clean),
        Case::new("daemon::output_of_hooks_is_logged", output_is_logged),
        Case::new(
            "daemon::failing_hooks_are_told_and_harm_none",
            failing_hooks_are_told,
        ),
        Case::new("daemon::reload_takes_new_rules", reload_takes_new_rules),
        Case::new(
            "daemon::wrong_reload_keeps_the_old_rules",
            wrong_reload_keeps_rules,
        ),
        Case::new("daemon::waits_for_the_driver", waits_for_the_driver),
        Case::new(
            "daemon::survives_removal_and_return",
            survives_removal_and_return,
        ),
        Case::new("daemon::term_lets_hooks_finish", term_lets_hooks_finish),
        Case::new(
            "daemon::wrong_configuration_is_refused",
            wrong_configuration_is_refused,
        ),
        Case::new(
            "daemon::without_privilege_says_what_it_takes",
            without_privilege,
        ),
        Case::new("daemon::sample_configuration_works", sample_works),
        Case::new("daemon::sleeps_and_is_small_at_rest", at_rest),
    ]);
    cases
}

fn hook_gets_the_event(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("all", "")])?)?;
    let told = [
        tool::json(&["raise", "--device", "1", "--bits", "0x28"])?,
        tool::json(&["factorial", "7", "--device", "1"])?,
        tool::json(&["dma", "512", "--device", "1"])?,
    ]
    .concat();
    let address = Driver::bound()?[1].clone();
    let data = [
        None,
        Some("IRQCAST_FACTORIAL=5040"),
        Some("IRQCAST_DMA_BYTES=512"),
    ];
    for ((event, data), seq) in told.iter().zip(data).zip(1u64..) {
        let mut given = setup.ran("all", 1, seq)?;
        let input: Value = serde_json::from_str(&given.pop().context("no standard input")?)?;
        ensure!(
            input == *event,
            "standard input is {input}, the event is {event}"
        );
        let mut expected = vec![
            format!("IRQCAST_ADDRESS={address}"),
            format!("IRQCAST_CAUSE={}", event["cause"]),
            "IRQCAST_DEVICE=1".to_owned(),
            "IRQCAST_REPEATED=0".to_owned(),
            "IRQCAST_REPLAYED=0".to_owned(),
            "IRQCAST_RULE=all".to_owned(),
            format!("IRQCAST_SEQ={seq}"),
            format!("IRQCAST_TIME_NS={}", event["time_ns"]),
        ];
        expected.extend(data.map(str::to_owned));
        expected.sort();
        ensure!(
            given == expected,
            "the environment has {given:?}, not {expected:?}"
        );
    }
    daemon.stop()
}

fn rules_choose_hooks() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let first = Driver::bound()?[0].clone();
    let setup = Setup::new()?;
    let rules = [
        ("device", "device = 1".to_owned()),
        ("address", format!("address = {first:?}")),
        (
            "glob",
            format!("address = {:?}", format!("{}*", &first[..5])),
        ),
        ("any", "cause-any = 0x30".to_owned()),
        ("all", "cause-all = 0x30".to_owned()),
        ("result", "factorial = 120".to_owned()),
        ("range", "dma-bytes = { min = 100, max = 200 }".to_owned()),
        ("both", "device = 0, cause-any = 0x10".to_owned()),
    ]
    .map(|(name, conditions)| setup.rule(name, &conditions));
    let daemon = Daemon::start(&setup.configure(&rules)?)?;
    for arguments in [
        &["raise", "--device", "0", "--bits", "0x10"][..],
        &["raise", "--device", "0", "--bits", "0x30"],
        &["raise", "--device", "1", "--bits", "0x01"],
        &["factorial", "5", "--device", "0"],
        &["factorial", "4", "--device", "0"],
        &["dma", "150", "--device", "0"],
        &["dma", "99", "--device", "0"],
    ] {
        tool::json(arguments)?;
    }
    let mut expected: Vec<String> = ["address", "glob"]
        .iter()
        .flat_map(|rule| (1..=6).map(move |seq| format!("{rule} 0 {seq}")))
        .chain(
            [
                "device 1 1",
                "glob 1 1",
                "any 0 1",
                "any 0 2",
                "all 0 2",
                "result 0 3",
                "range 0 5",
                "both 0 1",
                "both 0 2",
            ]
            .map(str::to_owned),
        )
        .collect();
    expected.sort();
    crate::wait::until_count("hooks ran", expected.len(), || Ok(setup.order()?.len()))
        .with_context(|| format!("ran: {:?}", setup.order()))?;
    // Ends only after all hooks that were started, so a hook too many shows.
    daemon.stop()?;
    let mut ran = setup.order()?;
    ran.sort();
    ensure!(ran == expected, "ran: {ran:?}\nnot: {expected:?}");
    Ok(())
}

fn every_event_in_order() -> Result<()> {
    const COUNT: u64 = 100;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("all", "")])?)?;
    let count = COUNT.to_string();
    tool::json(&["raise", "--count", &count])?;
    let hooks = 2 * usize::try_from(COUNT)?;
    crate::wait::until_count("hooks ran", hooks, || Ok(setup.order()?.len()))?;
    daemon.stop()?;
    for device in 0..2 {
        let ran: Vec<String> = setup
            .order()?
            .into_iter()
            .filter(|line| line.starts_with(&format!("all {device} ")))
            .collect();
        let expected: Vec<String> = (1..=COUNT)
            .map(|seq| format!("all {device} {seq}"))
            .collect();
        ensure!(
            ran == expected,
            "device {device}: the hooks ran in the order {ran:?}"
        );
    }
    Ok(())
}

/// No descriptor of the daemon, no blocked or ignored signal, a process group of its own.
fn hook_starts_clean() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let script = setup.script(
        "look",
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nls /proc/$$/fd > fds\n\
         grep -E '^Sig(Blk|Ign):' /proc/self/status > signals\n\
         cut -d' ' -f1,5 /proc/$$/stat > group\nmv group done\n",
    )?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule_running("look", "", &script)])?)?;
    tool::json(&["raise", "--device", "0"])?;
    let done = setup.path("done");
    crate::wait::until("the hook", || Ok(done.exists().then_some(())))?;
    let fds = std::fs::read_to_string(setup.path("fds"))?;
    // The shell itself holds the script open, at 10 or above.
    let inherited: Vec<&str> = fds.lines().filter(|fd| fd.len() == 1).collect();
    ensure!(inherited == ["0", "1", "2"], "the hook inherits {fds:?}");
    let signals = std::fs::read_to_string(setup.path("signals"))?;
    ensure!(
        signals
            .lines()
            .all(|line| line.ends_with("\t0000000000000000")),
        "signals are blocked or ignored: {signals}"
    );
    let group = std::fs::read_to_string(done)?;
    let (process, group) = group.trim().split_once(' ').context("no process group")?;
    ensure!(
        process == group,
        "process {process} is in the group {group}"
    );
    daemon.stop()
}

fn output_is_logged() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("talks", "")])?)?;
    tool::json(&["raise", "--device", "0"])?;
    let line = daemon.says("hook of talks saw 1")?;
    ensure!(line.contains("talks") && line.contains("pid"), "{line}");
    daemon.stop()
}

fn failing_hooks_are_told() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let fails = setup.script("fails", "#!/bin/sh\nexit 3\n")?;
    let dies = setup.script("dies", "#!/bin/sh\nkill -9 $$\n")?;
    let deaf = setup.script("deaf", "#!/bin/sh\nexec <&-\nexec >&- 2>&-\nexit 0\n")?;
    let interpreter = setup.script("interpreter", "#!/bin/sh\n")?;
    let no_interpreter = setup.script("none", &format!("#!{}\n", interpreter.display()))?;
    let leaves = setup.script("leaves", "#!/bin/sh\nsleep 1000 &\n")?;
    let rules = [
        setup.rule_running("fails", "", &fails),
        setup.rule_running("dies", "", &dies),
        setup.rule_running("deaf", "", &deaf),
        setup.rule_running("none", "", &no_interpreter),
        setup.rule_running("leaves", "", &leaves),
        setup.rule("good", ""),
    ];
    let mut daemon = Daemon::start(&setup.configure(&rules)?)?;
    // Were it not there at the start, the configuration would be refused.
    std::fs::remove_file(interpreter)?;
    for seq in 1..=3 {
        tool::json(&["raise", "--device", "0"])?;
        setup.ran("good", 0, seq)?;
    }
    for rule in ["fails", "dies", "none"] {
        let told = daemon
            .log()
            .into_iter()
            .any(|line| line.contains("WARN") && line.contains(rule));
        if !told {
            daemon.says(rule)?;
        }
    }
    let status = daemon.says("status=3")?;
    ensure!(status.contains("fails"), "{status}");
    ensure!(daemon.runs()?, "the daemon ended");
    daemon.stop()
}

fn reload_takes_new_rules() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("old", "")])?)?;
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("old", 0, 1)?;
    setup.configure(&[setup.rule("new", "")])?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says("took the configuration")?;
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("new", 0, 2)?;
    daemon.stop()?;
    ensure!(
        setup.order()? == ["old 0 1", "new 0 2"],
        "{:?}",
        setup.order()?
    );
    Ok(())
}

fn wrong_reload_keeps_rules() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("old", "")])?;
    let daemon = Daemon::start(&path)?;
    std::fs::write(&path, format!("{}\ncommmand = 1\n", setup.rule("old", "")))?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says("kept the old configuration")?;
    daemon.says("commmand")?;
    std::fs::remove_file(&path)?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says_times("kept the old configuration", 2)?;
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("old", 0, 1)?;
    daemon.stop()
}

fn waits_for_the_driver() -> Result<()> {
    let setup = Setup::new()?;
    let daemon = Daemon::start_until(
        &setup.configure(&[setup.rule("all", "")])?,
        "waiting for the driver",
    )?;
    let _driver = Driver::load(Mode::Msi)?;
    daemon.says("ready")?;
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("all", 0, 1)?;
    daemon.stop()
}

fn survives_removal_and_return() -> Result<()> {
    let mut driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("all", "")])?)?;
    for round in 1..=5 {
        tool::json(&["raise", "--device", "0"])?;
        setup.ran("all", 0, 1)?;
        std::fs::remove_file(setup.path("ran.all.0.1"))?;
        driver.unload()?;
        daemon.says_times("waiting for the driver", round)?;
        driver = Driver::load(Mode::Msi)?;
        daemon.says_times("ready", round + 1)?;
    }
    daemon.stop()?;
    ensure!(setup.order()?.len() == 5, "{:?}", setup.order()?);
    driver::unload_if_loaded()
}

fn term_lets_hooks_finish() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let slow = setup.script(
        "slow",
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho started > started\nsleep 1\necho > finished\n",
    )?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule_running("slow", "", &slow)])?)?;
    tool::json(&["raise", "--device", "0"])?;
    let started = setup.path("started");
    crate::wait::until("the hook to start", || Ok(started.exists().then_some(())))?;
    daemon.stop()?;
    ensure!(
        setup.path("finished").exists(),
        "the daemon ended before its hook"
    );
    Ok(())
}

fn wrong_configuration_is_refused() -> Result<()> {
    let setup = Setup::new()?;
    let path = setup.path("wrong.toml");
    std::fs::write(
        &path,
        "[[rule]]\nname = \"x\"\nmatch = { }\nhok = { command = [\"/bin/sh\"] }\n",
    )?;
    for (command, place) in [
        (&["check"][..], "wrong.toml:4:1"),
        (&["run", "--config"], "line=4 column=1"),
    ] {
        let output = Command::new(PROGRAM).args(command).arg(&path).output()?;
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(1),
            "{command:?} ended with {}",
            output.status
        );
        ensure!(
            said.contains(place) && said.contains("hok") && said.contains("hook"),
            "{command:?} says: {said}"
        );
    }
    Ok(())
}

fn without_privilege() -> Result<()> {
    const NOBODY: u32 = 65534;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule_running("x", "", "/bin/true".as_ref())])?;
    std::fs::set_permissions(
        path.parent().context("the file is in a folder")?,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    let output = Command::new(PROGRAM)
        .args(["run", "--config"])
        .arg(&path)
        .uid(NOBODY)
        .gid(NOBODY)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(1),
        "the daemon ended with {}: {said}",
        output.status
    );
    ensure!(said.contains("CAP_NET_ADMIN"), "{said}");
    Ok(())
}

/// The sample, installed where it says that it belongs.
fn sample_works() -> Result<()> {
    const FOLDER: &str = "/etc/irqcast/hooks";
    const CONFIGURATION: &str = "/etc/irqcast/irqcastd.toml";
    std::fs::create_dir_all(FOLDER)?;
    std::fs::write(
        CONFIGURATION,
        include_str!("../../../daemon/sample/irqcastd.toml"),
    )?;
    for (name, text) in [
        (
            "append",
            include_str!("../../../daemon/sample/hooks/append"),
        ),
        ("log", include_str!("../../../daemon/sample/hooks/log")),
    ] {
        let path = format!("{FOLDER}/{name}");
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    let output = Command::new(PROGRAM)
        .args(["check", CONFIGURATION])
        .output()?;
    ensure!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let _driver = Driver::load(Mode::Msi)?;
    let daemon = Daemon::start(CONFIGURATION.as_ref())?;
    let events = tool::json(&["factorial", "6", "--device", "0"])?;
    let file = std::path::Path::new("/run/irqcast/factorials.jsonl");
    crate::wait::until("the sample's hook", || {
        Ok(std::fs::metadata(file)
            .is_ok_and(|file| file.len() > 0)
            .then_some(()))
    })?;
    daemon.stop()?;
    let line = std::fs::read_to_string(file)?;
    ensure!(serde_json::from_str::<Value>(&line)? == events[0], "{line}");
    Ok(())
}

/// With the driver loaded, after a hook has run and the state is saved, nothing wakes it up.
fn at_rest() -> Result<()> {
    /// What it may have resident, in KiB.
    const RESIDENT: u64 = 4096;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(&[setup.rule("all", "")])?)?;
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("all", 0, 1)?;
    // One look after the other, until there is nothing left of the start and the hook.
    let mut before = daemon.wake_ups()?;
    wait::until("a second without a wake-up", || {
        sleep(Duration::from_secs(1));
        let now = daemon.wake_ups()?;
        let is_still = now == before;
        before = now;
        Ok(is_still.then_some(()))
    })?;
    sleep(Duration::from_secs(3));
    let after = daemon.wake_ups()?;
    ensure!(after == before, "it woke up {} times", after - before);
    let resident = daemon.resident_kib()?;
    ensure!(resident <= RESIDENT, "{resident} KiB are resident");
    daemon.stop()
}
