//! A daemon that runs and takes events, from its start to its end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use irqcast_bench::device::Device;

use super::{
    Running,
    hooks::{Hooks, Record},
    maker::{Maker, Wanted},
    process::{Look, Process},
};

/// How long a daemon may take until it runs its first hook.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a hook may take to start. It stops a hang.
pub const HOOK_LIMIT: Duration = Duration::from_secs(30);

/// How long after an event that a daemon which has just started may have missed the next one is made.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// For so long nothing comes when all hooks of what was made so far have run.
const QUIET: Duration = Duration::from_millis(300);

/// A daemon that runs.
pub struct Session<'a> {
    /// The daemon. It goes before those who make its events.
    pub process: Process,
    maker: Box<dyn Maker>,
    /// What its hooks tell.
    pub hooks: &'a mut Hooks,
    /// Events that were made.
    pub made: u64,
}

impl<'a> Session<'a> {
    /// Starts the daemon, and waits until it runs hooks.
    pub fn begin(
        start: impl FnOnce(&Device) -> Result<Running>,
        device: &Device,
        hooks: &'a mut Hooks,
    ) -> Result<Self> {
        hooks.settle(Duration::ZERO)?;
        let (process, maker) = start(device)?;
        let mut session = Self {
            process,
            maker,
            hooks,
            made: 0,
        };
        let began = Instant::now();
        loop {
            session.make(Wanted::Run)?;
            session.process.check()?;
            if session.hooks.next(TRY_AGAIN)?.is_some() {
                break;
            }
            if began.elapsed() > START_LIMIT {
                bail!("it runs no hook; it says: {}", session.process.said());
            }
        }
        session.hooks.settle(QUIET)?;
        Ok(session)
    }

    /// Makes the next event. Returns the time just before.
    pub fn make(&mut self, wanted: Wanted) -> Result<u64> {
        self.made += 1;
        self.maker.make(self.made, wanted)
    }

    /// Waits for the hook of the event of that number.
    pub fn hook(&mut self, number: u64, limit: Duration) -> Result<Record> {
        loop {
            let record = self.hooks.next(limit)?;
            let record = record.with_context(|| {
                format!(
                    "event {number} has no hook; it says: {}",
                    self.process.said()
                )
            })?;
            if record.number == number && record.lost == 0 {
                return Ok(record);
            }
        }
    }

    /// What its processes are like.
    pub fn look(&mut self) -> Result<Look> {
        self.process.check()?;
        Ok(self.process.look())
    }
}
