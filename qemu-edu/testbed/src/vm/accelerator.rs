//! Whether the processor can help with the virtual machine.

use std::{fs, fs::OpenOptions};

/// How QEMU runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// On the processor itself.
    Kvm,
    /// Translated; slower by a factor of ten or so.
    Tcg,
}

impl Accelerator {
    /// KVM where it works, otherwise TCG.
    ///
    /// The device node alone proves nothing: it also exists in containers and guests whose
    /// processor cannot run guests of its own.
    pub fn detect() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let usable = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .open("/dev/kvm")
                .is_ok()
        };
        if can_virtualise(&cpuinfo) && usable() {
            Self::Kvm
        } else {
            Self::Tcg
        }
    }
}

impl std::fmt::Display for Accelerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kvm => "KVM",
            Self::Tcg => "TCG",
        })
    }
}

/// Whether a `/proc/cpuinfo` shows Intel's or AMD's virtualisation.
fn can_virtualise(cpuinfo: &str) -> bool {
    cpuinfo
        .lines()
        .filter_map(|line| line.strip_prefix("flags"))
        .flat_map(str::split_whitespace)
        .any(|flag| flag == "vmx" || flag == "svm")
}

#[cfg(test)]
mod tests {
    use super::can_virtualise;

    #[test]
    fn flags_decide() {
        for (cpuinfo, expected) in [
            ("flags\t\t: fpu vmx sse\n", true),
            ("flags\t\t: fpu svm\n", true),
            ("flags\t\t: fpu sse svm_lock\n", false),
            ("model name\t: vmx\nflags\t\t: fpu\n", false),
            ("vmx flags\t: vnmi\nflags\t\t: fpu\n", false),
            ("", false),
        ] {
            assert_eq!(can_virtualise(cpuinfo), expected, "{cpuinfo:?}");
        }
    }
}
