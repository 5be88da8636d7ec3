//! Devices that come and go while the daemon, the node and a mapping are in use.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::talk::Request;

use super::{FIXED, PLUGGED, PLUGGED_NAME, PORT};
use crate::case::Case;
use crate::driver::Driver;
use crate::installed::{self, UNIT};
use crate::mapped::Mapped;
use crate::node::Node;
use crate::{amount, host, system, wait};

/// Cycles of the short form, and of the long one.
const SHORT: u64 = 3;
const LONG: u64 = 100;

/// Events in each life.
const EVENTS: u64 = 3;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "debian::both_devices_have_their_hooks",
            both_have_their_hooks,
        ),
        Case::new(
            "debian::links_by_path_lead_to_the_nodes",
            links_lead_to_the_nodes,
        ),
        Case::new("debian::device_comes_back_after_unbinding", unbound),
        Case::new("debian::daemon_outlives_the_last_device", no_device),
        Case::new(
            "debian::device_is_unplugged_and_plugged_in_under_use",
            unplugged,
        )
        .soak(LONG, 3600),
    ]
}

fn both_have_their_hooks() -> Result<()> {
    installed::ready()?;
    for (device, _) in [FIXED, PLUGGED] {
        let events = installed::raise(device, EVENTS)?;
        installed::each_has_its_hook(device, &events)?;
    }
    Ok(())
}

fn link(address: &str) -> String {
    format!("/dev/irqcast/by-path/pci-{address}")
}

fn links_lead_to_the_nodes() -> Result<()> {
    installed::ready()?;
    for (device, address) in [FIXED, PLUGGED] {
        let target = fs::canonicalize(link(address))
            .with_context(|| format!("{} leads nowhere", link(address)))?;
        let node = format!("/dev/irqcast{device}");
        ensure!(
            target == Path::new(&node),
            "{} leads to {}",
            link(address),
            target.display()
        );
    }
    Ok(())
}

fn until_link(address: &str, is_there: bool) -> Result<()> {
    wait::until(&format!("{} (there: {is_there})", link(address)), || {
        Ok((Path::new(&link(address)).exists() == is_there).then_some(()))
    })
}

fn unbound() -> Result<()> {
    installed::ready()?;
    installed::forget_runs()?;
    Driver::unbind(FIXED.1)?;
    until_link(FIXED.1, false)?;
    Driver::bind(FIXED.1)?;
    until_link(FIXED.1, true)?;
    let events = installed::raise(FIXED.0, EVENTS)?;
    ensure!(events.first() == Some(&1), "a life begins with {events:?}");
    installed::each_has_its_hook(FIXED.0, &events).map(drop)
}

fn no_device() -> Result<()> {
    installed::ready()?;
    installed::forget_runs()?;
    let before = system::property(UNIT, "MainPID")?;
    for (_, address) in [FIXED, PLUGGED] {
        Driver::unbind(address)?;
        until_link(address, false)?;
    }
    let state = system::property(UNIT, "ActiveState")?;
    for (_, address) in [FIXED, PLUGGED] {
        Driver::bind(address)?;
        until_link(address, true)?;
    }
    ensure!(state == "active", "without a device the daemon is {state}");
    let after = system::property(UNIT, "MainPID")?;
    ensure!(before == after, "it is not the same daemon");
    let events = installed::raise(FIXED.0, EVENTS)?;
    installed::each_has_its_hook(FIXED.0, &events).map(drop)
}

fn unplugged() -> Result<()> {
    let cycles = amount::count(SHORT);
    installed::ready()?;
    let before = system::property(UNIT, "MainPID")?;
    for cycle in 0..cycles {
        let instance = u32::try_from(PLUGGED.0)?;
        let node = Node::open(instance).context("the node cannot be opened")?;
        let ring = Mapped::new(&node)?;
        installed::forget_runs()?;
        let events = installed::raise(PLUGGED.0, EVENTS)?;
        installed::each_has_its_hook(PLUGGED.0, &events)?;
        host::ask(Request::Unplug { id: PLUGGED_NAME })?;
        wait::until("the end of the ring", || Ok(ring.ended().then_some(())))?;
        ensure!(
            Some(&ring.head()) == events.last(),
            "the mapping says that {} was the last event, of {events:?}",
            ring.head()
        );
        until_link(PLUGGED.1, false)?;
        host::ask(Request::Plug {
            id: PLUGGED_NAME,
            port: PORT,
        })?;
        until_link(PLUGGED.1, true)?;
        host::progress(cycle + 1, cycles)?;
    }
    installed::forget_runs()?;
    let events = installed::raise(PLUGGED.0, EVENTS)?;
    ensure!(events.first() == Some(&1), "a life begins with {events:?}");
    installed::each_has_its_hook(PLUGGED.0, &events)?;
    let after = system::property(UNIT, "MainPID")?;
    ensure!(before == after, "the daemon did not survive it");
    amount::stated("cycles", cycles);
    Ok(())
}
