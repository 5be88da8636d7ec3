//! The kernel's own account of interrupts.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// The interrupt of a device, as it is while a driver has it.
#[derive(Debug, Clone, Copy)]
pub struct Line(u32);

impl Line {
    /// The interrupt of the PCI device at `address`: its message, or else its line.
    pub fn of(address: &str) -> Result<Self> {
        let path = Path::new("/sys/bus/pci/devices").join(address).join("irq");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        Ok(Self(text.trim().parse().context("an interrupt's number")?))
    }

    /// Lets one processor handle it.
    pub fn pin(self, processor: usize) -> Result<()> {
        let path = format!("/proc/irq/{}/smp_affinity_list", self.0);
        fs::write(&path, processor.to_string()).with_context(|| format!("failed to write {path}"))
    }

    /// How often it was handled, on all processors.
    pub fn count(self) -> Result<u64> {
        let text = fs::read_to_string("/proc/interrupts")?;
        count(&text, self.0).with_context(|| format!("/proc/interrupts has no line {}", self.0))
    }
}

fn count(text: &str, number: u32) -> Option<u64> {
    let wanted = number.to_string();
    let counts = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, counts)| (name.trim() == wanted).then_some(counts))?;
    let numbers = counts
        .split_whitespace()
        .map_while(|word| word.parse::<u64>().ok());
    Some(numbers.sum())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn processors_are_added_up() {
        let text = "           CPU0       CPU1\n  0:  12  0  IO-APIC 2-edge timer\n \
                    24:          5         37  PCI-MSI-0000:00:02.0    0-edge      irqcast_edu\nNMI: 1 2 x\n";
        assert_eq!(count(text, 24), Some(42));
        assert_eq!(count(text, 0), Some(12));
        assert_eq!(count(text, 4), None);
    }
}
