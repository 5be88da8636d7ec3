//! Interrupts as fast as the device can, counted exactly.

use anyhow::{Result, bail};
use irqcast_bench::device::{Device, Registers};

use crate::case::Machine;
use crate::mapped::{Found, Mapped};
use crate::node::Node;
use crate::raw::Genl;
use crate::wait;

/// The bit that [`Registers::raise`] raises.
pub const BIT: u32 = 0x10;

/// A bit that shows that an event is the last.
const LAST: u32 = 0x20;

/// Raises between two looks at how many interrupts there were.
const BATCH: u64 = 4096;

/// So many interrupts before the end, the counting becomes exact. More than the device can have
/// under way.
const CAREFUL: u64 = 64;

/// The machine for storms: one device, whose registers can be mapped although it has a driver.
pub fn machine() -> Machine {
    Machine {
        devices: 1,
        append: "iomem=relaxed",
        memory_mib: 1024,
        ..Machine::default()
    }
}

/// Bits that an event of a storm may have as its cause.
pub fn is_ours(cause: u32) -> bool {
    cause != 0 && cause & !(BIT | LAST) == 0
}

/// Makes device 0 interrupt by its registers, with no system call between two raises. What the
/// device merges is one interrupt, so interrupts are counted, not raises.
pub struct Storm {
    registers: Registers,
    ring: Mapped,
    genl: Genl,
}

impl Storm {
    /// Takes the one device that there is.
    pub fn new() -> Result<Self> {
        Ok(Self {
            registers: Device::find()?.registers()?,
            ring: Mapped::new(&Node::open(0)?)?,
            genl: Genl::open()?,
        })
    }

    /// Sequence number of the last event so far.
    pub fn last(&self) -> u64 {
        self.ring.head()
    }

    /// Raises `count` times without waiting.
    pub fn raise(&self, count: u64) {
        for _ in 0..count {
            self.registers.raise();
        }
    }

    /// Makes the device interrupt until the event `last` has been, which is then the last.
    /// `between` is called now and then with the number of the last event so far.
    pub fn until(&mut self, last: u64, mut between: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let mut seen = self.last();
        let mut since = std::time::Instant::now();
        while last - seen > CAREFUL {
            self.raise((last - seen - CAREFUL).min(BATCH));
            match self.last() {
                now if now > seen => (seen, since) = (now, std::time::Instant::now()),
                _ if since.elapsed() > wait::LIMIT => bail!("no interrupt after event {seen}"),
                _ => {}
            }
            between(seen)?;
        }
        while self.last() < last {
            self.settle()?;
        }
        between(self.last())
    }

    /// Makes one more interrupt and waits until its event has been. All others were before it.
    pub fn settle(&mut self) -> Result<()> {
        let before = self.last();
        self.genl.raise(0, LAST)?;
        wait::until("the event that is to be the last", || {
            let last = self.last();
            Ok(match self.ring.get(last)? {
                Found::Event(record) if last > before && record.cause & LAST != 0 => Some(()),
                _ => None,
            })
        })
    }
}
