//! No memory in the handler: what cannot be sent is counted, and missing in the sequence.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::kernel::mount_debugfs;
use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::Genl;
use crate::{tool, wait};

const FAILSLAB: &str = "/sys/kernel/debug/failslab";

/// The cache that the handler's buffers come from.
const CACHE: &str = "/sys/kernel/slab/skbuff_fclone_cache/failslab";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("memory::failures_are_counted", failures_are_counted)
            .only_on(&["debug"])
            .within(300),
    ]
}

/// Lets every allocation from the cache fail until it is dropped.
struct Failing(());

impl Failing {
    fn start() -> Result<Self> {
        mount_debugfs()?;
        let failing = Self(());
        for (file, value) in [
            ("verbose", "0"),
            ("interval", "1"),
            ("times", "-1"),
            ("cache-filter", "Y"),
            ("probability", "100"),
        ] {
            let path = Path::new(FAILSLAB).join(file);
            fs::write(&path, value).with_context(|| format!("failed to write {path:?}"))?;
        }
        fs::write(CACHE, "1").context("failed to choose the cache")?;
        Ok(failing)
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        // Where this fails, the tests after this one do.
        let _ = fs::write(CACHE, "0");
        let _ = fs::write(Path::new(FAILSLAB).join("probability"), "0");
    }
}

/// A listener that does not read uses up what the driver has prepared. What comes then needs
/// memory.
fn failures_are_counted() -> Result<()> {
    const COUNT: u64 = 60;
    let _driver = Driver::load(Mode::Msi)?;
    let mut listener = Genl::open()?;
    listener.join()?;
    let mut genl = Genl::open()?;
    let failing = Failing::start()?;
    for raised in 1..=COUNT {
        genl.raise(0, 1)?;
        wait::until("the interrupt", || {
            let interrupts = tool::counter(&tool::device(0)?, "interrupts")?;
            Ok((interrupts == raised).then_some(()))
        })?;
    }
    drop(failing);
    let device = tool::device(0)?;
    let failures = tool::counter(&device, "alloc_failures")?;
    ensure!(failures > 0, "nothing failed: {device}");
    let sent = COUNT - failures;
    ensure!(tool::counter(&device, "events_sent")? == sent, "{device}");
    for seq in 1..=sent {
        let event = listener.event(wait::LIMIT)?.context("no event came")?;
        ensure!(event.seq == seq, "expected seq {seq}: {event:?}");
    }
    ensure!(listener.event(Duration::ZERO)?.is_none());
    genl.raise(0, 1)?;
    let event = listener.event(wait::LIMIT)?.context("no event came")?;
    ensure!(event.seq == COUNT + 1, "{event:?}");
    Ok(())
}
