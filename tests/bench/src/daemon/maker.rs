//! Who makes the events that a daemon is to run hooks for.
//!
//! Each call gives the kernel one event, and returns the time just before.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::{Context as _, Result};
use irqcast_bench::device::{Device, Registers};

use crate::{clock, interrupts::Line, measure::RAISER, modules::Loaded};

/// The bit of the device's status that asks for a hook that sleeps.
pub const SLEEP_BIT: u32 = 0x20;
/// The bit for any other.
pub const RUN_BIT: u32 = 0x10;

/// What an event is to make a hook do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// End at once.
    Run,
    /// Sleep first.
    Sleep,
}

/// Makes events, which are numbered from 1.
pub trait Maker {
    /// Makes the event of that number, which is the next. Returns the time just before.
    fn make(&mut self, number: u64, wanted: Wanted) -> Result<u64>;
}

/// The device interrupts. The driver gives the numbers.
pub struct Interrupts {
    /// They go before the driver, which they keep in use.
    registers: Registers,
    _driver: Loaded,
}

impl Interrupts {
    /// Loads the driver, so that events begin with 1.
    pub fn begin(device: &Device) -> Result<Self> {
        let driver = Loaded::load("irqcast_edu", "")?;
        Line::of(device.address())?.pin(RAISER)?;
        Ok(Self {
            registers: device.registers()?,
            _driver: driver,
        })
    }
}

impl Maker for Interrupts {
    fn make(&mut self, _: u64, wanted: Wanted) -> Result<u64> {
        let bits = match wanted {
            Wanted::Run => RUN_BIT,
            Wanted::Sleep => SLEEP_BIT,
        };
        let before = clock::now();
        self.registers.raise_bits(bits);
        Ok(before)
    }
}

/// A line in a file makes the kernel send.
pub struct Written {
    file: File,
    line: fn(number: u64, wanted: Wanted) -> String,
    /// Who reads the lines.
    _module: Option<Loaded>,
}

impl Written {
    /// Uevents of the device: `change`, with the number among the variables.
    pub fn uevents(device: &Device) -> Result<Self> {
        Self::to(&device.file("uevent"), None, |number, wanted| {
            let mode = match wanted {
                Wanted::Run => "run",
                Wanted::Sleep => "sleep",
            };
            format!("change 6c6f6f70-7065-6572-732d-626e63680000 EVENT={number} MODE={mode}")
        })
    }

    /// Messages of the family `acpi_event`, which a module sends through the kernel's own function.
    pub fn acpi_events() -> Result<Self> {
        let module = Loaded::load("irqcast_twin", "")?;
        let file = Path::new("/sys/module/irqcast_twin/parameters/acpi_event");
        Self::to(file, Some(module), |number, wanted| match wanted {
            Wanted::Run => format!("irqcast {number}"),
            Wanted::Sleep => format!("irqcast-sleep {number}"),
        })
    }

    fn to(path: &Path, module: Option<Loaded>, line: fn(u64, Wanted) -> String) -> Result<Self> {
        let file = OpenOptions::new().write(true).open(path);
        let file = file.with_context(|| format!("failed to open {}", path.display()))?;
        Ok(Self {
            file,
            line,
            _module: module,
        })
    }
}

impl Maker for Written {
    fn make(&mut self, number: u64, wanted: Wanted) -> Result<u64> {
        let line = (self.line)(number, wanted);
        let before = clock::now();
        let written = self.file.write_all(line.as_bytes());
        written.context("failed to make an event")?;
        Ok(before)
    }
}
