//! Events that become one.

use std::fs::File;

use anyhow::{Result, ensure};

use super::{gated, objects, raise, rule, until_there};
use crate::case::Mode;
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;

pub fn events_become_one() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hook = gated(&setup)?;
    let daemon = Daemon::start(&setup.configure(&[rule("one", "", &hook, "coalesce = true")])?)?;
    raise(1)?;
    until_there(&setup, "started.1")?;
    raise(5)?;
    setup.remembered(0, |life| life["taken"] == 6)?;
    File::create(setup.path("gate"))?;
    setup.until_finished(0, 6)?;
    daemon.stop()?;
    let merged: Vec<_> = objects(&setup, "ran")?
        .iter()
        .map(|it| it["merged"].clone())
        .collect();
    let expected = [(1, 1, 1), (5, 2, 6)]
        .map(|(count, from, to)| serde_json::json!({"count": count, "from": from, "to": to}));
    ensure!(merged == expected, "{merged:?}");
    Ok(())
}

pub fn merged_after_kill() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let hook = gated(&setup)?;
    let path = setup.configure(&[rule("one", "", &hook, "coalesce = \"5s\"")])?;
    let daemon = Daemon::start(&path)?;
    raise(3)?;
    // The file of the last event: all three are one.
    until_there(&setup, "started.3")?;
    daemon.kill()?;
    std::fs::remove_file(setup.path("started.3"))?;
    let daemon = Daemon::start_until(&path, "going on where an earlier daemon ended")?;
    until_there(&setup, "started.3")?;
    File::create(setup.path("gate"))?;
    setup.until_finished(0, 3)?;
    daemon.stop()?;
    let ran = objects(&setup, "ran")?;
    let again: Vec<_> = ran.iter().filter(|it| it["repeated"] == true).collect();
    ensure!(
        again.len() == 1 && again[0]["merged"]["count"] == 3,
        "{ran:?}"
    );
    Ok(())
}
