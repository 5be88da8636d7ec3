//! The description of a virtual machine.

use serde::Deserialize;

use crate::cli::Guest;

/// What a guest consists of. Tests with equal machines share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// What runs on it.
    #[serde(default)]
    pub guest: Guest,
    /// Number of edu devices, 0 to 16.
    pub devices: u8,
    /// Further devices, as values of QEMU's option `-device`.
    #[serde(default)]
    pub extra: Vec<String>,
    /// Added to the kernel's command line.
    #[serde(default)]
    pub append: String,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Names of the initramfs layers that it needs beside the basic one.
    #[serde(default)]
    pub layers: Vec<String>,
    /// Whether it has a disk with an empty file system, which is `/dev/nvme0n1`. The disk of a Debian
    /// guest holds its system, and is always there.
    #[serde(default)]
    pub disk: bool,
    /// Whether time in the guest is the number of instructions that it has executed, which
    /// takes a machine with one processor and without KVM.
    #[serde(default)]
    pub icount: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            guest: Guest::default(),
            devices: 1,
            extra: Vec::new(),
            append: String::new(),
            memory_mib: 512,
            layers: Vec::new(),
            disk: false,
            icount: false,
        }
    }
}

impl Machine {
    /// Parameters for the module in [`Machine::append`], in the form `MODULE.NAME=VALUE` that the
    /// kernel takes for built-in drivers: `NAME=VALUE`.
    ///
    /// The kernel leaves those of a loadable module to the program that loads it.
    pub fn parameters_of(&self, module: &str) -> impl Iterator<Item = &str> {
        self.append
            .split_whitespace()
            .filter_map(move |word| word.strip_prefix(module)?.strip_prefix('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn parameters_of_a_module_are_those_with_its_name() {
        let machine = Machine {
            append: "quiet irqcast_edu.msi=0 other.msi=1  irqcast_edu.history=4".to_owned(),
            ..Machine::default()
        };
        let parameters: Vec<&str> = machine.parameters_of("irqcast_edu").collect();
        assert_eq!(parameters, ["msi=0", "history=4"]);
    }
}
