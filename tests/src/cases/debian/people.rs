//! Who may do what: members of the device's group, and others.

use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::FIXED;
use crate::case::Case;
use crate::{installed, system, wait};

/// Somebody in the group of the device nodes, and somebody who is not.
const MEMBER: &str = "e2e-member";
const OTHER: &str = "e2e-other";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("debian::member_of_the_group_reads_events", member_reads),
        Case::new(
            "debian::member_of_the_group_does_not_join_the_multicast_group",
            member_does_not_join,
        ),
        Case::new(
            "debian::member_of_the_group_does_not_act",
            member_does_not_act,
        ),
        Case::new("debian::others_do_not_open_the_node", others_do_not_open),
    ]
}

fn make_users() -> Result<()> {
    installed::ready()?;
    for (name, options) in [(MEMBER, "--groups irqcast"), (OTHER, "")] {
        system::run(&format!(
            "getent passwd {name} > /dev/null || useradd {options} {name}"
        ))?;
    }
    Ok(())
}

fn as_user(name: &str, command: &str) -> String {
    format!("runuser -u {name} -- {command}")
}

fn member_reads() -> Result<()> {
    make_users()?;
    let mut reader = Reader(
        Command::new("runuser")
            .args(["-u", MEMBER, "--", "head", "--bytes=64", "/dev/irqcast0"])
            .stdout(Stdio::null())
            .spawn()
            .context("failed to start a reader")?,
    );
    // It reads what comes once it has opened the node.
    let status = wait::until("a member's read to end", || {
        installed::raise(FIXED.0, 1)?;
        Ok(reader.0.try_wait()?)
    })?;
    ensure!(status.success(), "a member's read ended with {status}");
    Ok(())
}

fn member_does_not_join() -> Result<()> {
    make_users()?;
    let complaint = system::refused(&as_user(MEMBER, "irqcastctl monitor --count 1"))?;
    ensure!(complaint.contains("CAP_NET_ADMIN"), "{complaint}");
    Ok(())
}

fn member_does_not_act() -> Result<()> {
    make_users()?;
    let complaint = system::refused(&as_user(MEMBER, "irqcastctl raise --device 0"))?;
    ensure!(complaint.contains("CAP_NET_ADMIN"), "{complaint}");
    Ok(())
}

fn others_do_not_open() -> Result<()> {
    make_users()?;
    let complaint = system::refused(&as_user(OTHER, "head --bytes=64 /dev/irqcast0"))?;
    ensure!(complaint.contains("Permission denied"), "{complaint}");
    Ok(())
}

/// A reader that does not outlive the test.
struct Reader(Child);

impl Drop for Reader {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
