//! The attribute in sysfs that `poll` waits on.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::node::fails_with;
use crate::raw::Genl;
use crate::tool;

pub fn cases() -> Vec<Case> {
    let mut cases = Case::for_both("sysfs", "poll_wakes_up", wakes_up);
    cases.extend([
        Case::new("sysfs::every_poller_is_woken", every_poller),
        Case::new("sysfs::switched_off_wakes_nobody", switched_off),
        Case::new("sysfs::removal_wakes_up", removal),
    ]);
    cases
}

fn open(device: usize) -> Result<File> {
    let address = &Driver::bound()?[device];
    File::open(format!("/sys/bus/pci/devices/{address}/events")).context("no attribute")
}

/// What the attribute shows. Reading it is also what makes the next poll wait.
fn number(file: &File) -> std::io::Result<u64> {
    let mut text = [0; 32];
    let length = file.read_at(&mut text, 0)?;
    std::str::from_utf8(&text[..length])
        .map_err(std::io::Error::other)?
        .trim_end()
        .parse()
        .map_err(std::io::Error::other)
}

fn changed(file: &File, limit: PollTimeout) -> Result<bool> {
    use std::os::fd::AsFd as _;
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLPRI)];
    poll(&mut fds, limit)?;
    let ready = fds[0].revents().context("poll returned unknown bits")?;
    Ok(ready.contains(PollFlags::POLLPRI | PollFlags::POLLERR))
}

fn wakes_up(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    let (file, other) = (open(0)?, open(1)?);
    for seq in 0..5 {
        ensure!(number(&file)? == seq && number(&other)? == 0);
        thread::scope(|scope| {
            let poller = scope.spawn(|| changed(&file, PollTimeout::NONE));
            genl.interrupt(0, 1)?;
            ensure!(poller.join().ok().context("the poller panicked")??);
            Ok(())
        })?;
        ensure!(!changed(&other, PollTimeout::ZERO)?, "the other device");
    }
    Ok(())
}

fn every_poller() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    let files = [open(0)?, open(0)?, open(0)?];
    for file in &files {
        ensure!(number(file)? == 0);
    }
    genl.interrupt(0, 1)?;
    genl.interrupt(0, 1)?;
    for file in &files {
        ensure!(changed(file, PollTimeout::from(10_000u16))?);
        ensure!(number(file)? == 2);
    }
    Ok(())
}

fn switched_off() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    let file = open(0)?;
    number(&file)?;
    tool::json(&["set", "--paths", "netlink-multicast"])?;
    genl.interrupt(0, 1)?;
    ensure!(!changed(&file, PollTimeout::from(200u8))?);
    ensure!(number(&file)? == 1);
    Ok(())
}

fn removal() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let file = open(0)?;
    number(&file)?;
    let address = Driver::bound()?[0].clone();
    thread::scope(|scope| {
        let poller = scope.spawn(|| changed(&file, PollTimeout::NONE));
        Driver::unbind(&address)?;
        ensure!(poller.join().ok().context("the poller panicked")??);
        Ok(())
    })?;
    fails_with(number(&file), libc::ENODEV)?;
    Driver::bind(&address)?;
    ensure!(number(&open(0)?)? == 0);
    Ok(())
}
