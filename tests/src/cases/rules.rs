//! What a rule says about when and how its hook runs.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::{tool, wait};

mod merging;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("rules::time_limit_ends_a_hook_that_hangs", time_limit),
        Case::new(
            "rules::placeholders_and_variables_reach_the_hook",
            placeholders,
        ),
        Case::new("rules::sleeping_hook_delays_no_other_rule", sleeping_hook),
        Case::new("rules::drops_are_told_to_a_rule", drops),
        Case::new("rules::events_become_one", merging::events_become_one),
        Case::new(
            "rules::merged_events_run_again_after_a_kill",
            merging::merged_after_kill,
        ),
        Case::new("rules::failing_hook_is_tried_again_in_order", retry),
        Case::new("rules::devices_come_and_go", devices),
        Case::new("rules::reload_keeps_what_waits", reload),
    ]
}

/// A rule with these conditions whose hook has these lines of TOML. Where they name no time limit it has
/// none, since a loaded machine may take long.
fn rule(name: &str, conditions: &str, hook: &Path, lines: &str) -> String {
    let no_limit = match lines.contains("time-limit") {
        true => "",
        false => "time-limit = \"none\"",
    };
    format!(
        "[[rule]]\nname = {name:?}\nmatch = {{ {conditions} }}\n[rule.hook]\n\
         command = [{hook:?}]\n\
         {lines}\n{no_limit}\n\n"
    )
}

/// A hook that leaves a file `started.SEQ`, waits for the file `gate`, and appends its input to the file `ran`.
fn gated(setup: &Setup) -> Result<std::path::PathBuf> {
    let folder = setup.path("");
    setup.script(
        "gated",
        &format!(
            "#!/bin/sh\ncd {folder:?} || exit 1\n: > started.$IRQCAST_SEQ\n\
             while [ ! -e gate ]; do sleep 0.1; done\ncat >> ran\n"
        ),
    )
}

/// A hook that appends its input to a file.
fn appends(setup: &Setup, file: &str) -> Result<std::path::PathBuf> {
    let path = setup.path(file);
    setup.script(
        &format!("to-{file}"),
        &format!("#!/bin/sh\ncat >> {path:?}\n"),
    )
}

/// The lines of a file, each an object; none where it is not there.
fn objects(setup: &Setup, file: &str) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(setup.path(file)).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    Ok(lines.collect::<Result<_, _>>()?)
}

fn until_there(setup: &Setup, file: &str) -> Result<()> {
    let path = setup.path(file);
    wait::until(file, || Ok(path.exists().then_some(())))
}

fn raise(times: u32) -> Result<()> {
    let count = times.to_string();
    tool::json(&["raise", "--device", "0", "--count", &count]).map(drop)
}

fn time_limit() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hangs = setup.script(
        "hangs",
        "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\nwait\nsleep 1000\n",
    )?;
    let rules = [
        rule(
            "hangs",
            "",
            &hangs,
            "time-limit = \"200ms\"\ngrace = \"200ms\"",
        ),
        setup.rule("good", ""),
    ];
    let daemon = Daemon::start(&setup.configure(&rules)?)?;
    raise(2)?;
    setup.ran("good", 0, 2)?;
    daemon.says_times("hook reached its time limit; sent TERM", 2)?;
    // One after the other, so the first one has ended.
    setup.until_finished(0, 2)?;
    daemon.stop()
}

fn placeholders() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let out = setup.path("out");
    let hook = setup.script(
        "says",
        &format!("#!/bin/sh\n{{ pwd; echo \"$1\"; echo \"$WHERE\"; cat; }} > {out:?}.new\nmv {out:?}.new {out:?}\n"),
    )?;
    let text = format!(
        "[[rule]]\nname = \"says\"\n[rule.hook]\ncommand = [{hook:?}, \"no. {{seq}}, {{{{}}\"]\n\
         environment = {{ WHERE = \"at {{address}}\" }}\nfolder = \"/usr\"\ninput = \"none\"\n"
    );
    let daemon = Daemon::start(&setup.configure(&[text])?)?;
    raise(1)?;
    until_there(&setup, "out")?;
    let address = Driver::bound()?[0].clone();
    let said = std::fs::read_to_string(&out)?;
    ensure!(
        said == format!("/usr\nno. 1, {{}}\nat {address}\n"),
        "{said}"
    );
    daemon.stop()
}

fn sleeping_hook() -> Result<()> {
    const COUNT: u32 = 40;
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let sleeps = gated(&setup)?;
    let rules = [
        // More events than it may have waiting, and it holds nobody up.
        rule(
            "sleeps",
            "",
            &sleeps,
            "queue = 4\nwhen-full = \"drop-newest\"\ntime-limit = \"none\"",
        ),
        setup.rule("quick", ""),
    ];
    let daemon = Daemon::start(&setup.configure(&rules)?)?;
    raise(COUNT)?;
    setup.ran("quick", 0, COUNT.into())?;
    File::create(setup.path("gate"))?;
    setup.until_finished(0, COUNT.into())?;
    daemon.stop()
}

fn drops() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let slow = gated(&setup)?;
    let told = appends(&setup, "told")?;
    let rules = [
        rule("slow", "", &slow, "queue = 1\nwhen-full = \"drop-oldest\""),
        rule("told", "dropped = \"slow\"", &told, ""),
    ];
    let daemon = Daemon::start(&setup.configure(&rules)?)?;
    raise(1)?;
    until_there(&setup, "started.1")?;
    // Event 2 waits, and each of the next takes the place of the one before.
    raise(4)?;
    daemon.says("dropped a hook of this rule")?;
    let sum = |key: &str| -> Result<u64> {
        let told = objects(&setup, "told")?;
        Ok(told
            .iter()
            .filter_map(|it| it["dropped"][key].as_u64())
            .sum())
    };
    wait::until("three drops to be told", || {
        Ok((sum("count")? == 3).then_some(()))
    })
    .with_context(|| format!("told: {:?}", objects(&setup, "told")))?;
    let told = objects(&setup, "told")?;
    let first = told.first().context("nothing was told")?;
    let last = told.last().context("nothing was told")?;
    ensure!(first["dropped"]["rule"] == "slow", "{told:?}");
    ensure!(
        first["dropped"]["from"] == 2 && last["dropped"]["to"] == 4,
        "{told:?}"
    );
    File::create(setup.path("gate"))?;
    setup.until_finished(0, 5)?;
    daemon.stop()?;
    let ran: Vec<_> = objects(&setup, "ran")?
        .iter()
        .map(|it| it["seq"].clone())
        .collect();
    ensure!(ran == [1, 5], "{ran:?}");
    Ok(())
}

fn retry() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let ran = setup.path("attempts");
    let hook = setup.script(
        "fails",
        &format!(
            "#!/bin/sh\necho $IRQCAST_SEQ $IRQCAST_ATTEMPT >> {ran:?}\n\
             [ $IRQCAST_SEQ = 2 ] || [ $IRQCAST_ATTEMPT = 3 ] || exit 75\n"
        ),
    )?;
    let lines = "retry = { exit-statuses = [75], delay = \"10ms\" }";
    let daemon = Daemon::start(&setup.configure(&[rule("fails", "", &hook, lines)])?)?;
    raise(2)?;
    setup.until_finished(0, 2)?;
    daemon.stop()?;
    let ran = std::fs::read_to_string(ran)?;
    ensure!(ran == "1 1\n1 2\n1 3\n2 1\n", "{ran}");
    Ok(())
}

fn devices() -> Result<()> {
    let setup = Setup::new()?;
    let hook = appends(&setup, "told")?;
    let matches = "arrival = true, departure = true, device = 0";
    let path = setup.configure(&[rule("devices", matches, &hook, "")])?;
    let daemon = Daemon::start_until(&path, "waiting for the driver")?;
    let mut driver = Driver::load(Mode::Msi)?;
    let address = Driver::bound()?[0].clone();
    let told =
        |count| wait::until_count("changes told", count, || Ok(objects(&setup, "told")?.len()));
    told(1)?;
    driver.unload()?;
    told(2)?;
    driver = Driver::load(Mode::Msi)?;
    told(3)?;
    // The driver stays, and no event tells of it.
    let unbind = Path::new("/sys/bus/pci/devices")
        .join(&address)
        .join("driver/unbind");
    std::fs::write(unbind, &address)?;
    told(4)?;
    // What was there is known to the next daemon, and does not come again.
    daemon.stop()?;
    let daemon = Daemon::start(&path)?;
    driver.unload()?;
    daemon.says("waiting for the driver")?;
    daemon.stop()?;
    let kinds: Vec<_> = objects(&setup, "told")?
        .iter()
        .map(|told| told.get("arrival").is_some())
        .collect();
    ensure!(
        kinds == [true, false, true, false],
        "{:?}",
        objects(&setup, "told")
    );
    let first = &objects(&setup, "told")?[0]["arrival"];
    ensure!(
        first["address"] == address.as_str() && first["device"] == 0,
        "{first}"
    );
    Ok(())
}

fn reload() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hook = gated(&setup)?;
    let daemon = Daemon::start(&setup.configure(&[rule("waits", "", &hook, "")])?)?;
    raise(1)?;
    until_there(&setup, "started.1")?;
    raise(3)?;
    setup.remembered(0, |life| life["taken"] == 4)?;
    setup.configure(&[rule("waits", "", &hook, "order = \"free\"\nqueue = 1")])?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says("took the configuration")?;
    File::create(setup.path("gate"))?;
    setup.until_finished(0, 4)?;
    daemon.stop()?;
    let mut ran: Vec<_> = objects(&setup, "ran")?
        .iter()
        .filter_map(|it| it["seq"].as_u64())
        .collect();
    ran.sort_unstable();
    ensure!(ran == [1, 2, 3, 4], "{ran:?}");
    Ok(())
}
